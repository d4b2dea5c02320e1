"""Let an environment run a release: a new generation beside the one that serves, which hands over and goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from msgspec import structs
from msgspec.structs import replace

from previewer.deployment.capacity import room_for
from previewer.deployment.data import (
    begin_with_data,
    beginning_lines,
    keep_left_state,
    needs_data,
    see_data,
    sweep,
)
from previewer.deployment.definition import rewrite_lines, tell_rewrites
from previewer.deployment.deployment import Deployment, UpResult, with_its_secrets
from previewer.deployment.generation import (
    Wanted,
    generation_plan,
    is_whole,
    make_generation,
    refuse_held_ports,
    served_definition,
    target_of,
)
from previewer.deployment.learn_writes import learn_writes
from previewer.deployment.recover import plan_removal_of_superseded, recover, remove_superseded
from previewer.deployment.routing import announced, drain, expected_router, lead_names, with_router
from previewer.deployment.seeding import make_seeds, planned_seeds
from previewer.deployment.snapshot import EnvironmentSnapshot, take_snapshot
from previewer.deployment.touches import see_touches
from previewer.domain.commit.revision import short_id
from previewer.domain.data.beginning import Lifetime, VolumeData
from previewer.domain.deploy.plan import Plan
from previewer.domain.deploy.reconcile import join_plans
from previewer.domain.deploy.rollover import Rollover, left_data, roll_over
from previewer.domain.engine.capacity import need_of, refuse_missing, slow_lines
from previewer.domain.engine.observation import Observation
from previewer.domain.environment.environment import SERVING, Environment, list_environments
from previewer.domain.isolation import isolate
from previewer.domain.isolation.isolate import Rewrite
from previewer.domain.json_value import as_text
from previewer.domain.labels import Ownership
from previewer.domain.policy.check import check, raise_for
from previewer.domain.progress import Noted
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry
from previewer.domain.units import expiry, format_time, parse_ttl
from previewer.engine.protocol import Selection
from previewer.errors import ConflictError, NotFoundError
from previewer.execution.run_plan import RunOptions
from previewer.records.environments import environment_entry
from previewer.records.masking import mask_of_release, masking
from previewer.releases.attest import require_signature
from previewer.session.run import Run
from previewer.session.session import Session

PUBLISHERS_GRACE = 2
"""Seconds that containers with published ports get to end where generations are kept: part of the downtime."""

NO_DATA: Mapping[str, VolumeData] = {}


def plan_deploy(session: Session, deployment: Deployment) -> Plan:
    """What :func:`deploy` would do on the engine. Nothing is made; images that are not frozen yet are named so."""
    session = with_its_secrets(Run(session), deployment).session
    _enforce_policy(session, deployment)
    snapshot = see_touches(session, take_snapshot(session, deployment.name), deployment.release)
    _refuse_other_role(snapshot.ours, deployment)
    wanted = begin_with_data(session, deployment, _wanted(session, deployment, snapshot), snapshot)
    if deployment.is_frozen and not deployment.force and _serves(session, wanted, snapshot):
        return Plan(f"{deployment.action} {deployment.name}", (), environment=deployment.name)
    refuse_held_ports(session, wanted, snapshot)
    options = _run_options(session, deployment)
    snapshot = replace(snapshot, router=expected_router(session, served_definition(session, wanted).definition))
    new = generation_plan(target_of(session, wanted, snapshot), options)
    rollover = rollover_of(session, deployment, wanted.owner, snapshot)
    removal_of_superseded = plan_removal_of_superseded(snapshot.ours, rollover.notes, after=new)
    return replace(
        join_plans(new.title, new, *removal_of_superseded),
        notes=(
            *slow_lines(wanted.frozen.definition),
            *rewrite_lines(_rewrites(session, wanted)),
            *beginning_lines(wanted.data),
            *(planned_seeds(see_data(session), deployment) if needs_data(deployment) else ()),
            *lifetime_lines(deployment.name, rollover),
        ),
        environment=deployment.name,
        left_data=tuple(data_lines(snapshot, rollover, data=wanted.data)),
    )


def deploy(run: Run, deployment: Deployment) -> UpResult:
    """Run the release. What runs already stays until its successor is healthy and has its ports.

    Whatever ends it early (a failure, an interruption) undoes what it made; the engine is then as before. The
    release's images have to be there. Raises :class:`PolicyError` where the role refuses the definition.
    """
    run = with_its_secrets(run, deployment)
    with masking(run, mask_of_release(run.session, deployment.release)) as masked:
        return _deploy(masked, deployment)


def _deploy(run: Run, deployment: Deployment) -> UpResult:
    session = run.session
    _enforce_policy(session, deployment)
    _expiry(session, deployment)  # a TTL that makes no sense is an error before anything is made
    if needs_data(deployment):
        make_seeds(run, deployment)
    with session.ledger.lock(deployment.name, purpose=_purpose(deployment)):
        snapshot = see_touches(session, recover(run, deployment.name), deployment.release)
        _refuse_other_role(snapshot.ours, deployment)
        wanted = _wanted(session, deployment, snapshot, operation=session.new_operation())
        if not deployment.force and _serves(session, wanted, snapshot):
            return _renew(run, deployment, snapshot)
        with _room(run, deployment, wanted, snapshot) as has_waited:
            if has_waited:
                snapshot = see_touches(session, take_snapshot(session, deployment.name), deployment.release)
                wanted = _wanted(session, deployment, snapshot, operation=wanted.owner.operation)
            wanted = begin_with_data(session, deployment, wanted, snapshot)
            snapshot = with_router(run, snapshot, served_definition(session, wanted).definition)
            tell_rewrites(_rewrites(session, wanted), short_id(deployment.release.commit), report=run.report)
            for line in served_definition(session, wanted).left_out:
                run.report(Noted(line, hint="commit it, or remove the mount"))
            rollover = rollover_of(session, deployment, wanted.owner, snapshot)
            slow = slow_lines(wanted.frozen.definition)
            lost = data_lines(snapshot, rollover, data=wanted.data)
            for line in (
                *slow,
                *beginning_lines(wanted.data),
                *lost,
                *lifetime_lines(deployment.name, rollover),
            ):
                run.report(Noted(line))
            options = _run_options(session, deployment)
            try:
                with announced(run, wanted, snapshot):
                    downtime = make_generation(run, wanted, snapshot, options)
            except BaseException:
                if wanted.data:
                    sweep(session, deployment.name)
                raise
            environment = _made(session, wanted.owner)
            lead_names(run, environment)
            learn_writes(session, environment, deployment.release)
        notes = _finish(run, deployment, wanted, snapshot, downtime)
    return UpResult(replace(environment, notes=notes), deployment.release, changed=True, downtime_seconds=downtime)


def _purpose(deployment: Deployment) -> str:
    """What the lock is held for, shown to other runs that wait for it: ``up feature/login``."""
    return f"{deployment.action} {deployment.branch or short_id(deployment.release.commit)}"


def _room(
    run: Run, deployment: Deployment, wanted: Wanted, snapshot: EnvironmentSnapshot
) -> AbstractContextManager[bool]:
    """Room on the engine, and whether time went by until there was some. See :func:`room_for`."""
    need = need_of(
        served_definition(run.session, wanted).definition,
        subnet_prefix=run.session.settings.subnet_prefix,
        is_new=snapshot.environment is None,
    )
    return room_for(
        run,
        need,
        snapshot.everything,
        environment=deployment.name,
        patience=_run_options(run.session, deployment).timeout if deployment.is_queued else None,
    )


def _finish(
    run: Run, deployment: Deployment, wanted: Wanted, snapshot: EnvironmentSnapshot, downtime: float | None
) -> EnvironmentNotes:
    """Note that the new generation is the live one, then stop or remove what it replaced.

    In this order: after a kill, the next run sees which one is live and what is left to do.
    """
    if downtime is not None:
        run.report(Noted(f"generation {wanted.owner.generation} took over the ports; downtime {downtime:.2f} s"))
    notes = note_rollover(run.session, deployment, wanted.owner, snapshot)
    keep_left_state(run, deployment, snapshot)
    if wanted.owner.generation > 1:
        drain(run, snapshot.predecessors.containers)
        remove_superseded(run, deployment.name, notes)
        if wanted.data or any(volume.layers for volume in snapshot.ours.volumes):
            sweep(run.session, deployment.name)
    return notes


def note_rollover(
    session: Session,
    deployment: Deployment,
    owner: Ownership,
    snapshot: EnvironmentSnapshot,
    *,
    began: datetime | None = None,
) -> EnvironmentNotes:
    """Let the ledger know that ``owner``'s generation is the live one; what is true of the environment then.

    ``began`` is when the first container was touched for it; ``None`` for when the generation was made.
    """
    notes = rollover_of(session, deployment, owner, snapshot).notes
    entry = _entry(session, deployment, owner, notes, replaced=snapshot.environment)
    session.ledger.append(structs.replace(entry, began=began or owner.created_at))
    return notes


def rollover_of(
    session: Session, deployment: Deployment, owner: Ownership, snapshot: EnvironmentSnapshot
) -> Rollover:
    """What is to be noted, and kept, when ``owner``'s generation takes over."""
    return roll_over(
        snapshot.notes,
        snapshot.environment,
        generation=owner.generation,
        release=owner.release,
        now=session.clock(),
        keep=session.settings.keep_previous[deployment.role],
        expires_at=owner.expires_at,
        keeps_extension=deployment.ttl is None,
        is_rollback=deployment.action == "rollback",
    )


def _renew(run: Run, deployment: Deployment, snapshot: EnvironmentSnapshot) -> UpResult:
    """The environment runs this very release: it lives on as if it were new."""
    environment = snapshot.environment
    if environment is None:
        raise NotFoundError(
            "the environment disappeared", where=deployment.name, hint="it was removed meanwhile; try again"
        )
    if environment.notes.asleep_since is not None:
        from previewer.deployment.wake import wake_environment  # seldom needed, and an import as slow as any

        environment = wake_environment(run, environment, timeout=deployment.timeout)
    expires = _expiry(run.session, deployment)
    generation = environment.ownership.generation
    notes = structs.replace(environment.notes.of_generation(generation), expires_at=expires)
    if expires is None and environment.ownership.expires_at is not None:
        notes = structs.replace(notes, pinned=True)
    if expires != environment.expires_at and not snapshot.notes.pinned:
        run.session.ledger.append(
            _entry(run.session, deployment, environment.ownership, notes, replaced=None, is_renewal=True)
        )
        environment = replace(environment, notes=notes)
    lead_names(run, environment)  # the router may have been removed meanwhile
    run.report(Noted(f"{deployment.name} runs this release already"))
    return UpResult(environment, deployment.release, changed=False)


def _wanted(
    session: Session, deployment: Deployment, snapshot: EnvironmentSnapshot, *, operation: str = ""
) -> Wanted:
    release = deployment.release
    owner = Ownership(
        installation=session.source.installation,
        project=session.project,
        environment=deployment.name,
        role=deployment.role,
        generation=snapshot.next_generation,
        branch=deployment.branch,
        commit=release.commit,
        release=release.id if deployment.is_frozen else "",
        owner=session.source.actor,
        created_at=session.clock().replace(microsecond=0),
        expires_at=_expiry(session, deployment),
        operation=operation,
        definition=deployment.definition,
        head=session.ledger.head(),
        process=deployment.process,
    )
    return Wanted(owner, release, deployment.definition)


def _enforce_policy(session: Session, deployment: Deployment) -> None:
    """Hold what was frozen against what the role allows now, and against what this engine can do.

    It may have been frozen for another role, and for another engine.
    """
    definition = deployment.release.definitions[deployment.definition].definition
    trust = session.trust(deployment.role, branch=deployment.branch, commit=deployment.release.commit)
    definition = session.references.resolve(definition)
    raise_for(check(definition, trust))
    refuse_missing(definition, session.engine.capabilities.missing)
    require_signature(session, deployment.release.id, deployment.role)


def _refuse_other_role(observed: Observation, deployment: Deployment) -> None:
    """A branch called ``staging`` must not replace what is staging. Raises :class:`ConflictError`."""
    for owner in observed.owners:
        if owner.role is not deployment.role:
            raise ConflictError(
                f"this environment is for {owner.role.value}, and a {deployment.role.value} cannot take its place",
                where=deployment.name,
                hint=f"choose another name with --name, or remove it: previewer down {deployment.name}",
            )


def _run_options(session: Session, deployment: Deployment) -> RunOptions:
    timeout = deployment.timeout if deployment.timeout is not None else session.settings.wait_timeout
    is_kept = session.settings.keep_previous[deployment.role] > 0
    return RunOptions(timeout, deployment.action, grace=PUBLISHERS_GRACE if is_kept else 0)


def _expiry(session: Session, deployment: Deployment) -> datetime | None:
    """As the user says, else the definition (the policy has looked at it), else the settings for the role."""
    definition = deployment.release.definitions[deployment.definition].definition
    said = deployment.ttl or as_text(definition.extension.get("ttl"))
    ttl = parse_ttl(said) if said else session.settings.ttl_of(deployment.role)
    return expiry(ttl, now=session.clock())


def _rewrites(session: Session, wanted: Wanted) -> tuple[Rewrite, ...]:
    owner = wanted.owner
    trust = session.trust(owner.role, branch=owner.branch, commit=owner.commit)
    isolated = isolate(wanted.frozen.definition, role=owner.role, trust=trust).rewrites
    return (*isolated, *served_definition(session, wanted).rewrites)


def data_lines(
    snapshot: EnvironmentSnapshot,
    rollover: Rollover,
    *,
    data: Mapping[str, VolumeData] = NO_DATA,
    returns: int | None = None,
) -> Iterator[str]:
    """Which data does not come along; ``data`` is what the new generation begins with. See :func:`left_data`."""
    if snapshot.environment is None:
        return
    live = snapshot.environment.ownership.generation
    handed_over = {key for key, volume in data.items() if volume.lifetime is Lifetime.ENVIRONMENT}
    yield from left_data(
        snapshot.stored_in(live) - handed_over,
        generation=live,
        keeps=rollover.keeps,
        returns=returns,
        begins_with={volume.origin for key, volume in data.items() if volume.layers and key not in handed_over},
    )


def lifetime_lines(environment: str, rollover: Rollover) -> Iterator[str]:
    """What the environment keeps of its lifetime, whatever generation it has."""
    if rollover.notes.pinned:
        yield f"{environment} stays pinned: it does not expire"
    elif rollover.notes.expires_at is not None:
        yield f"{environment} stays extended until {format_time(rollover.notes.expires_at)}"


def _serves(session: Session, wanted: Wanted, snapshot: EnvironmentSnapshot) -> bool:
    """Whether one generation, of the wanted release and nothing else, is there, whole, untouched and well."""
    observed, environment = snapshot.predecessors, snapshot.environment
    releases = {owner.release for owner in observed.owners}
    generations = {owner.generation for owner in observed.owners}
    if environment is None or releases != {wanted.owner.release} or len(generations) != 1:
        return False
    # One that was killed on its way to sleep, or out of it, wakes like any other.
    is_well = environment.state in SERVING or environment.notes.asleep_since is not None
    return is_well and not environment.is_tainted and is_whole(session, wanted, observed)


def _made(session: Session, owner: Ownership) -> Environment:
    ours = Selection(installation=owner.installation, operation=owner.operation)
    found = list_environments(session.engine.observe(ours))
    if not found:
        raise NotFoundError(
            "the environment disappeared while it was made", hint="it was removed meanwhile; try again"
        )
    return found[0]


def _entry(
    session: Session,
    deployment: Deployment,
    owner: Ownership,
    notes: EnvironmentNotes,
    *,
    replaced: Environment | None,
    is_renewal: bool = False,
) -> LedgerEntry:
    action = "replace" if deployment.action == "up" and replaced is not None else deployment.action
    renewed = f", lives until {format_time(notes.expires_at)}" if is_renewal and notes.expires_at else ""
    detail = f"generation {owner.generation}, {owner.branch or short_id(owner.commit)}{renewed}"
    return environment_entry(session, owner, action=action, detail=detail, began=session.clock(), notes=notes)
