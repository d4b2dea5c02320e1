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
from previewer.domain.isolation import isolate
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
from previewer.errors import ConflictError, NotFoundError
from previewer.operations.definitions import as_it_runs, choose_definition, enforce_policy, read_definitions
from previewer.operations.freeze import find_release, freeze_resolved, frozen_files
from previewer.operations.generation import (
    Wanted,
    is_whole,
    make_generation,
    published_ports,
    refuse_held_ports,
    target_of,
)
from previewer.operations.remove import remove_all
from previewer.operations.session import Session
from previewer.operations.tell_rewrites import rewrite_lines, tell_rewrites

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
    _refuse_other_role(observed, name, options.role)
    release = find_release(session, resolved)
    owner = _ownership(session, resolved, options, definition=definition, release=release)
    wanted = Wanted(
        commit=resolved.commit,
        owner=owner,
        frozen=release.definitions[definition.name] if release else FrozenDefinition(definition, {}),
        files=release.files if release else frozen_files(session, resolved, (definition,)),
    )
    if release is not None and _is_serving(session, wanted, observed):
        return Plan(f"up {name}", ())
    refuse_held_ports(session, wanted)
    _running, rewrites = as_it_runs(session, resolved, definition, options.role)
    new = replace(
        plan_generation(target_of(session, wanted, taken=published_ports(session))), notes=rewrite_lines(rewrites)
    )
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
        _refuse_other_role(observed, name, options.role)
        owner = replace(
            _ownership(session, resolved, options, definition=definition, release=release),
            operation=session.new_id(),
        )
        wanted = Wanted(resolved.commit, owner, release.definitions[definition.name], release.files)
        if _is_serving(session, wanted, observed):
            report(Noted(f"{name} runs this release already", hint=_ttl_hint(options, name)))
            return UpResult(_environment(observed), release, changed=False)
        trust = session.settings.trust.trust(options.role, resolved.branch)
        tell_rewrites(isolate(definition, role=options.role, trust=trust).rewrites, revision, report=report)
        timeout = options.timeout if options.timeout is not None else session.settings.wait_timeout
        make_generation(session, wanted, timeout=timeout, report=report, cancellation=cancellation)
        if not observed.is_empty:
            _remove_predecessors(session, owner, report=report)
        session.ledger.append(_entry(session, owner, replaces=not observed.is_empty))
        ours = Selection(installation=owner.installation, operation=owner.operation)
        environment = _environment(session.engine.observe(ours))
    return UpResult(environment, release, changed=True)


def wanted_name(session: Session, revision: str, options: UpOptions) -> str:
    """The name of the environment that :func:`up` would make or replace."""
    return environment_name(session, session.source.resolve(revision), options)


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


def _refuse_other_role(observed: Observation, name: str, role: Role) -> None:
    """A branch called ``staging`` must not replace what is staging. Raises :class:`ConflictError`."""
    for owner in observed.owners:
        if owner.role is not role:
            raise ConflictError(
                f"this environment is for {owner.role.value}, and a {role.value} cannot take its place",
                where=name,
                hint=f"choose another name with --name, or remove it: previewer down {name}",
            )


def _remove_predecessors(session: Session, owner: Ownership, *, report: Report) -> None:
    """Remove every generation before this one, remains of killed runs included.

    A newer one is another clone's, which has a lock of its own: that will remove this one when it is healthy.
    """
    name = owner.environment
    remove_all(
        session.engine,
        lambda: session.engine.observe(_selection(session, name)).older_than(owner.generation),
        title=f"replace {name}",
        cause=f"generation {owner.generation} has taken over",
        stage="down",
        report=report,
    )


def _ownership(
    session: Session,
    resolved: ResolvedRevision,
    options: UpOptions,
    *,
    definition: Definition,
    release: Release | None,
) -> Ownership:
    return Ownership(
        installation=session.source.installation,
        project=session.project,
        environment=environment_name(session, resolved, options),
        role=options.role,
        generation=_next_generation(session, environment_name(session, resolved, options)),
        branch=resolved.branch,
        commit=resolved.commit.id,
        release=release.id if release else "",
        owner=session.source.actor,
        created_at=session.clock().replace(microsecond=0),
        expires_at=_expiry(session, options, definition),
        operation="",
    )


def _next_generation(session: Session, name: str) -> int:
    """One that no environment of this name has, of whatever repository: names of objects are made of it."""
    everybody = session.engine.observe(Selection(environment=name))
    return max((owner.generation for owner in everybody.owners), default=0) + 1


def _expiry(session: Session, options: UpOptions, definition: Definition) -> datetime | None:
    """As the user says, else the definition (the policy has looked at it), else the settings for the role."""
    said = options.ttl or as_text(definition.extension.get("ttl"))
    ttl = parse_ttl(said) if said else session.settings.ttl_of(options.role)
    return expiry(ttl, now=session.clock())


def _ttl_hint(options: UpOptions, name: str) -> str:
    return f"its time to live stays; after `previewer down {name}` it can have another" if options.ttl else ""


def _is_serving(session: Session, wanted: Wanted, observed: Observation) -> bool:
    """Whether one generation, of the wanted release and nothing else, is there, whole and well."""
    releases = {owner.release for owner in observed.owners}
    generations = {owner.generation for owner in observed.owners}
    if releases != {wanted.owner.release} or len(generations) != 1:
        return False
    return _environment(observed).state in SERVING and is_whole(session, wanted, observed)


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
