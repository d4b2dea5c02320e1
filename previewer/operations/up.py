"""Bring an environment up: freeze the commit, make a generation beside the one that runs, then let that go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from previewer.domain import naming
from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Definition, Role
from previewer.domain.environment import Environment, State
from previewer.domain.environment import list_environments as environments_in
from previewer.domain.history import LedgerEntry
from previewer.domain.json_value import as_text
from previewer.domain.labels import Ownership
from previewer.domain.observation import Observation
from previewer.domain.plan import Plan
from previewer.domain.progress import Noted, Report
from previewer.domain.reconcile import join_plans, plan_generation, plan_removal
from previewer.domain.release import FrozenDefinition, Release
from previewer.domain.revision import ResolvedRevision, short_id
from previewer.domain.ttl import expiry, parse_ttl
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError
from previewer.operations.definitions import choose_definition, enforce_policy, read_definitions
from previewer.operations.freeze import find_release, freeze_resolved, frozen_files
from previewer.operations.generation import Wanted, make_generation, published_ports, target_of
from previewer.operations.remove import remove_all
from previewer.operations.session import Session

SERVING = frozenset({State.HEALTHY, State.RUNNING, State.DONE})


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What the user may say about an environment."""

    role: Role = Role.PREVIEW
    definition: str | None = None
    """Which of the commit's definitions; ``None`` for the role's."""
    name: str | None = None
    """The environment's name; ``None`` for one made of the project and the branch, or the role."""
    ttl: str | None = None
    """``90m 10h 5d 1d12h never``; ``None`` for the role's default."""
    timeout: float | None = None
    """Seconds to wait for health; ``None`` for the setting."""
    use_cache: bool = True
    """Whether images that were built before, and the builder's cache, may be used."""


@dataclass(frozen=True, slots=True)
class UpResult:
    """What is up now."""

    environment: Environment
    release: Release
    changed: bool
    """``False`` where the environment ran this very release already."""


def plan_up(session: Session, revision: str, options: UpOptions) -> Plan:
    """What :func:`up` would do on the engine. Nothing is made; images that are not frozen yet are named so."""
    resolved = session.source.resolve(revision)
    name = environment_name(session, resolved, options)
    definition = _allowed_definition(session, resolved, options)
    observed = session.engine.observe(_selection(session, name))
    release = find_release(session, resolved)
    if release is not None and _is_serving(observed, release):
        return Plan(f"up {name}", ())
    owner = _ownership(session, resolved, options, observed, definition=definition, release=release)
    wanted = Wanted(
        commit=resolved.commit,
        owner=owner,
        frozen=release.definitions[definition.name] if release else FrozenDefinition(definition, {}),
        files=release.files if release else frozen_files(session, resolved, (definition,)),
    )
    new = plan_generation(target_of(session, wanted, taken=published_ports(session)))
    if observed.is_empty:
        return new
    old = plan_removal(observed, title="", cause=f"generation {owner.generation} has taken over")
    return join_plans(new.title, new, old)


def up(
    session: Session, revision: str, options: UpOptions, *, report: Report, cancellation: Cancellation
) -> UpResult:
    """Freeze ``revision`` and run it. What runs already stays until its successor is healthy.

    Whatever ends it early (a failure, an interruption) undoes what it made; the engine is then as before.
    """
    resolved = session.source.resolve(revision)
    name = environment_name(session, resolved, options)
    definition = _allowed_definition(session, resolved, options)
    _expiry(session, options, definition)  # a TTL that makes no sense is an error before anything is built
    release = freeze_resolved(
        session, resolved, use_cache=options.use_cache, report=report, cancellation=cancellation
    ).release
    with session.ledger.lock(name, purpose=f"up {revision}"):
        observed = session.engine.observe(_selection(session, name))
        if _is_serving(observed, release):
            report(Noted(f"{name} runs this release already"))
            return UpResult(_environment(observed), release, changed=False)
        owner = replace(
            _ownership(session, resolved, options, observed, definition=definition, release=release),
            operation=session.new_id(),
        )
        wanted = Wanted(resolved.commit, owner, release.definitions[definition.name], release.files)
        timeout = options.timeout if options.timeout is not None else session.settings.wait_timeout
        make_generation(session, wanted, timeout=timeout, report=report, cancellation=cancellation)
        if not observed.is_empty:
            _remove_predecessors(session, owner, report=report)
        session.ledger.append(_entry(session, owner, replaces=not observed.is_empty))
        environment = _environment(session.engine.observe(_selection(session, name)))
    return UpResult(environment, release, changed=True)


def environment_name(session: Session, resolved: ResolvedRevision, options: UpOptions) -> str:
    """The name that the environment gets: the user's, the role's, or the branch's (else the commit's)."""
    if options.name is not None:
        return naming.slug(options.name)
    if options.role is not Role.PREVIEW:
        return naming.environment_name(session.project, options.role.value)
    return naming.environment_name(session.project, resolved.branch or resolved.commit.short)


def _allowed_definition(session: Session, resolved: ResolvedRevision, options: UpOptions) -> Definition:
    """The definition that is to run, held against the policy of the role that the user asked for."""
    definition = choose_definition(read_definitions(session, resolved), options.role, options.definition)
    enforce_policy(session, resolved, definition, options.role)
    return definition


def _remove_predecessors(session: Session, owner: Ownership, *, report: Report) -> None:
    """Remove every other generation of the environment, remains of killed runs included."""
    name = owner.environment
    remove_all(
        session.engine,
        lambda: session.engine.observe(_selection(session, name)).without_operation(owner.operation),
        title=f"replace {name}",
        cause=f"generation {owner.generation} has taken over",
        stage="down",
        report=report,
    )


def _ownership(
    session: Session,
    resolved: ResolvedRevision,
    options: UpOptions,
    observed: Observation,
    *,
    definition: Definition,
    release: Release | None,
) -> Ownership:
    return Ownership(
        installation=session.source.installation,
        project=session.project,
        environment=environment_name(session, resolved, options),
        role=options.role,
        generation=max((owner.generation for owner in observed.owners), default=0) + 1,
        branch=resolved.branch,
        commit=resolved.commit.id,
        release=release.id if release else "",
        owner=session.source.actor,
        created_at=session.clock().replace(microsecond=0),
        expires_at=_expiry(session, options, definition),
        operation="",
    )


def _expiry(session: Session, options: UpOptions, definition: Definition) -> datetime | None:
    """As the user says, else the definition (the policy has looked at it), else the settings for the role."""
    said = options.ttl or as_text(definition.extension.get("ttl"))
    ttl = parse_ttl(said) if said else session.settings.ttl_of(options.role)
    return expiry(ttl, now=session.clock())


def _is_serving(observed: Observation, release: Release) -> bool:
    """Whether one generation, of this very release and nothing else, is there and well."""
    releases = {owner.release for owner in observed.owners}
    generations = {owner.generation for owner in observed.owners}
    if releases != {release.id} or len(generations) != 1:
        return False
    return _environment(observed).state in SERVING


def _environment(observed: Observation) -> Environment:
    environments = environments_in(observed)
    if not environments:
        raise NotFoundError("the environment disappeared while it was made", hint="somebody removed it; try again")
    return environments[0]


def _selection(session: Session, name: str) -> Selection:
    return Selection(installation=session.source.installation, environment=name)


def _entry(session: Session, owner: Ownership, *, replaces: bool) -> LedgerEntry:
    return LedgerEntry(
        action="replace" if replaces else "up",
        at=session.clock(),
        actor=session.source.actor,
        environment=owner.environment,
        release=owner.release,
        commit=owner.commit,
        detail=f"generation {owner.generation}, {owner.branch or short_id(owner.commit)}",
    )
