"""Let an environment run a release: a new generation beside the one that serves, which hands over and goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import structs
from msgspec.structs import replace

from previewer.deployment.capacity import room_for
from previewer.deployment.data import beginning_lines, keep_left_state, needs_data, sweep
from previewer.deployment.definition import tell_rewrites
from previewer.deployment.deployment import Deployment, UpResult, with_its_secrets
from previewer.deployment.drain import drain
from previewer.deployment.flatten import flatten_layers
from previewer.deployment.generation import ATTEMPTS, NONE_REFUSED, learn_refused, target_of
from previewer.deployment.learn_writes import begin_learning
from previewer.deployment.prepare import NO_DATA, Prepared, enforce_policy, expiry_of, prepare
from previewer.deployment.recover import recover, remove_superseded
from previewer.deployment.routing import announced, lead_names, with_router
from previewer.deployment.seeding import make_seeds
from previewer.deployment.snapshot import take_snapshot
from previewer.deployment.wake import wake_environment
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.start_order import unproven_services
from previewer.domain.data.beginning import VolumeData
from previewer.domain.deploy.plan import Plan
from previewer.domain.deploy.reconcile import plan_generation
from previewer.domain.deploy.rollover import Rollover
from previewer.domain.engine.observation import Observation
from previewer.domain.environment.environment import Environment, State, list_environments
from previewer.domain.labels import Ownership
from previewer.domain.progress import Noted
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry
from previewer.domain.units import format_time
from previewer.errors import NotFoundError, ObjectNotFoundError, PortTakenError
from previewer.execution.run_plan import RanPlan, run_plan
from previewer.records.environments import environment_entry, failures_of
from previewer.records.masking import mask_of_release, masking
from previewer.releases.push_images import deliver_images
from previewer.session.run import Run
from previewer.session.session import Session


def plan_deploy(session: Session, deployment: Deployment) -> Plan:
    """What :func:`deploy` would do on the engine. Nothing is made; images that are not frozen yet are named so."""
    session = with_its_secrets(Run(session), deployment).session
    enforce_policy(session, deployment)
    return prepare(session, deployment, take_snapshot(session, deployment.name)).plan(session)


def deploy(run: Run, deployment: Deployment) -> UpResult:
    """Run the release. What runs already stays until its successor is healthy and has its ports.

    Whatever ends it early (a failure, an interruption) undoes what it made; the engine is then as before. The
    release's images have to be there. Raises :class:`PolicyError` where the role refuses the definition.
    """
    run = with_its_secrets(run, deployment)
    session, name = run.session, deployment.name
    with masking(run, mask_of_release(session, deployment.release)) as run:
        enforce_policy(session, deployment)
        expiry_of(session, deployment)  # a TTL that makes no sense is an error before anything is made
        deployment = replace(deployment, places=deliver_images(run, deployment.release, deployment.frozen))
        if needs_data(deployment):
            make_seeds(run, deployment, take_snapshot(session, name))
        with session.ledger.lock(name, purpose=_purpose(deployment)):
            recovered = recover(run, name)
            make_seeds(run, deployment, recovered)  # for what was to be handed over and is gone meanwhile
            prepared = prepare(session, deployment, recovered, operation=session.new_operation())
            return _renew(run, prepared) if prepared.is_served else _replace(run, prepared)


def deploy_with_retry(run: Run, deployment: Deployment, *, rebuild: Callable[[], Deployment]) -> UpResult:
    """:func:`deploy`. Where images are gone by then, ``rebuild`` brings them back and says what to deploy now.

    What the first attempt had made is undone. Any other failure is the caller's.
    """
    try:
        return deploy(run, deployment)
    except ObjectNotFoundError:
        artifacts = deployment.frozen.artifacts.values()
        if not run.session.images.missing({artifact.image for artifact in artifacts}):
            raise
    run.report(Noted("images of this release were removed meanwhile"))
    return deploy(run, rebuild())


def _tell_unproven(run: Run, environment: Environment, definition: Definition) -> None:
    """What may end a moment later without `up` having said so."""
    unproven = unproven_services(definition)
    names = [s.name for s in environment.services if s.state is State.RUNNING and s.name in unproven]
    if names:
        message = f"{', '.join(names)}: no health check and no port says that it works, only that it ran a while"
        hint = "with a `healthcheck`, `up` waits for it and no longer; `x-previewer.settle` says how long else"
        run.report(Noted(message, hint))


def _purpose(deployment: Deployment) -> str:
    """What the lock is held for, shown to other runs that wait for it: ``up feature/login``."""
    return f"{deployment.request.action} {deployment.branch or short_id(deployment.release.commit)}"


def _replace(run: Run, prepared: Prepared) -> UpResult:
    """Make the new generation once there is room for it, and let it take the place of what was there."""
    session, deployment, operation = run.session, prepared.deployment, prepared.generation.owner.operation
    patience = prepared.timeout if deployment.request.is_queued else None
    everything = prepared.snapshot.everything
    with room_for(run, prepared.need, everything, environment=deployment.name, patience=patience) as has_waited:
        if has_waited:
            again = take_snapshot(session, deployment.name)
            prepared = prepare(session, replace(deployment, force=True), again, operation=operation)
        prepared = replace(prepared, snapshot=with_router(run, prepared.snapshot, prepared.served.definition))
        tell_rewrites(prepared.served.rewrites, short_id(deployment.release.commit), report=run.report)
        for line in prepared.served.left_out:
            run.report(Noted(line, hint="commit it, or remove the mount"))
        former = prepared.snapshot.environment
        failures = failures_of(session, former) if former is not None else ()
        told = (f"before it is replaced: {line}" for line in failures)
        for line in (*told, *prepared.begins, *prepared.notes, *prepared.left_data):
            run.report(Noted(line))
        ran = _make(run, prepared)
        environment = _made(ran.made)
        learn = begin_learning(session, environment, deployment.release)
        lead_names(run, environment)
        _tell_unproven(run, environment, prepared.generation.frozen.definition)
    notes = _finish(run, prepared, ran.downtime)
    learn()
    environment = replace(environment, notes=notes)
    return UpResult(environment, deployment.release, changed=True, downtime_seconds=ran.downtime)


def _make(run: Run, prepared: Prepared) -> RanPlan:
    """Run the plan of the generation. Whatever ends it early undoes it: see :func:`run_plan`."""
    session, generation, snapshot = run.session, prepared.generation, prepared.snapshot
    for name in session.references.changed(generation.frozen.definition):
        run.report(Noted(f"{name} has changed since the release was frozen; its current value is used"))
    try:
        with announced(run, generation, snapshot):
            return _make_on_free_ports(run, prepared)
    except BaseException:
        if generation.data:
            sweep(session, generation.owner.environment)
        raise


def _make_on_free_ports(run: Run, prepared: Prepared) -> RanPlan:
    """Make it, with other host ports where a chosen one turns out to be taken."""
    session, generation, snapshot = run.session, prepared.generation, prepared.snapshot
    target, refused = target_of(session, generation, snapshot), NONE_REFUSED
    for left in reversed(range(ATTEMPTS)):
        plan = plan_generation(target, action=prepared.deployment.request.action, grace=prepared.grace)
        if generation.data:
            sweep(session, generation.owner.environment)  # what an attempt before, or a killed run, wrote to
        try:
            return run_plan(run, generation.owner, plan, timeout=prepared.timeout)
        except PortTakenError as error:
            refused = learn_refused(refused, target)
            again = target_of(session, generation, snapshot, refused=refused)
            before, after = ((t.ports, t.port_handover.binding) for t in (target, again))
            if not left or before == after:  # a fixed port stays what it is
                raise
            run.report(Noted(f"{error}; trying other host ports"))
            target = again
    raise AssertionError("the last attempt returns or raises")


def _finish(run: Run, prepared: Prepared, downtime: float | None) -> EnvironmentNotes:
    """Note that the new generation is the live one, then stop or remove what it replaced.

    In this order: after a kill, the next run sees which one is live and what is left to do.
    """
    deployment, generation, snapshot = prepared.deployment, prepared.generation, prepared.snapshot
    if downtime is not None:
        run.report(Noted(f"generation {generation.owner.generation} took over; downtime {downtime:.2f} s"))
    notes = note_rollover(
        run.session, deployment, generation.owner, prepared.rollover, snapshot.environment, data=generation.data
    )
    keep_left_state(run, generation, snapshot)
    if generation.owner.generation > 1:
        drain(run, snapshot.predecessors.containers)
        remove_superseded(run, deployment.name, notes)
        if generation.data or any(volume.layers for volume in snapshot.ours.volumes):
            sweep(run.session, deployment.name)
        flatten_layers(run, generation)
    return notes


def note_rollover(
    session: Session,
    deployment: Deployment,
    owner: Ownership,
    rollover: Rollover,
    replaced: Environment | None,
    *,
    began: datetime | None = None,
    data: Mapping[str, VolumeData] = NO_DATA,
) -> EnvironmentNotes:
    """Let the ledger know that ``owner``'s generation is the live one; what is true of the environment then.

    ``began`` is when the first container was touched for it; ``None`` for when the generation was made; ``data``
    what its volumes begin with.
    """
    entry = _entry(session, deployment, owner, rollover.notes, replaced=replaced)
    detail = "; ".join((entry.detail, *beginning_lines(data)))
    session.ledger.append(structs.replace(entry, began=began or owner.created_at, detail=detail))
    return rollover.notes


def _renew(run: Run, prepared: Prepared) -> UpResult:
    """The environment runs this very release: it lives on as if it were new."""
    deployment, snapshot = prepared.deployment, prepared.snapshot
    environment = snapshot.environment
    if environment is None:
        raise NotFoundError(
            "the environment disappeared", where=deployment.name, hint="it was removed meanwhile; try again"
        )
    if environment.notes.asleep_since is not None:
        environment = wake_environment(run, environment, timeout=deployment.request.timeout)
    expires = prepared.generation.owner.expires_at
    generation = environment.ownership.generation
    noted = expires and expires - environment.clock_change
    notes = structs.replace(environment.notes.of_generation(generation), expires_at=noted)
    if expires is None and environment.ownership.expires_at is not None:
        notes = structs.replace(notes, pinned=True)
    if expires != environment.expires_at and not snapshot.notes.pinned:
        run.session.ledger.append(
            _entry(run.session, deployment, environment.ownership, notes, replaced=None, lives_until=expires)
        )
        environment = replace(environment, notes=notes)
    lead_names(run, environment)  # the router may have been removed meanwhile
    run.report(Noted(f"{deployment.name} runs this release already"))
    return UpResult(environment, deployment.release, changed=False)


def _made(made: Observation) -> Environment:
    found = list_environments(made)
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
    lives_until: datetime | None = None,
) -> LedgerEntry:
    action = "replace" if deployment.request.action == "up" and replaced is not None else deployment.request.action
    renewed = f", lives until {format_time(lives_until)}" if lives_until else ""
    detail = f"generation {owner.generation}, {owner.branch or short_id(owner.commit)}{renewed}"
    return environment_entry(session, owner, action=action, detail=detail, began=session.clock(), notes=notes)
