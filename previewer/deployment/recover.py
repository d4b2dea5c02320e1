"""Complete or undo what a killed command left of an environment, before anything else is done to it."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs
from msgspec.structs import replace

from previewer.deployment.data import sweep
from previewer.deployment.definition import definition_name
from previewer.deployment.generation import Generation, is_whole, served_definition
from previewer.deployment.routing import lead_names
from previewer.deployment.snapshot import EnvironmentSnapshot, take_snapshot
from previewer.domain.compose.service import Condition
from previewer.domain.compose.start_order import awaited_conditions
from previewer.domain.deploy.plan import Plan, StopContainer, plan_removal
from previewer.domain.deploy.reconcile import plan_stop
from previewer.domain.deploy.recovery import GenerationSeen, Recovery
from previewer.domain.deploy.recovery import recover as decide
from previewer.domain.deploy.takeover import ENDED, is_on_standby
from previewer.domain.engine.observation import ContainerState, Observation, ObservedContainer
from previewer.domain.environment.environment import SERVING, list_environments
from previewer.domain.labels import Ownership
from previewer.domain.progress import Noted
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError
from previewer.execution.execute import execute_to_the_end
from previewer.execution.remove import remove_all, stop_all
from previewer.execution.run_plan import start_again
from previewer.records.environments import environment_entry
from previewer.session.run import Run
from previewer.session.session import Session


def recover(run: Run, name: str) -> EnvironmentSnapshot:
    """What there is of the environment, once exactly one generation of it is live (or none). It says what it did.

    The caller holds the environment's lock: no other run of this clone is at work on it.
    """
    session = run.session
    snapshot = take_snapshot(session, name)
    recovery = plan_recovery(session, snapshot)
    if not recovery.is_needed:
        return snapshot
    is_only_theirs = not (recovery.is_news or recovery.start or recovery.stop) and not any(
        session.began(owner.operation) for owner in snapshot.ours.of_generation(*recovery.remove).owners
    )
    killed, foreign = f"a command on {name} did not come to its end", f"another clone left something of {name}"
    run.report(Noted(f"{foreign if is_only_theirs else killed}: {_describe(recovery)}"))
    _carry_out(run, snapshot, recovery)
    return take_snapshot(session, name)


def plan_recovery(session: Session, snapshot: EnvironmentSnapshot) -> Recovery:
    """What :func:`recover` would do about ``snapshot``."""
    numbers = sorted({owner.generation for owner in snapshot.ours.owners})
    if not numbers or (numbers == [snapshot.notes.generation] and not snapshot.notes.gave_way):
        return Recovery(live=numbers[0] if numbers else None)
    seen = [_see(session, snapshot, number) for number in numbers]
    said = snapshot.notes
    is_asleep = said.asleep_since is not None
    present = {container.name for container in snapshot.ours.containers}
    gave_way = [name for name in said.gave_way if name in present]
    return decide(seen, noted=said.generation, is_asleep=is_asleep, gave_way=gave_way)


def _see(session: Session, snapshot: EnvironmentSnapshot, number: int) -> GenerationSeen:
    observed = snapshot.ours.of_generation(number)
    containers, owner = observed.containers, observed.owners[0]
    generation = _generation(session, observed, owner)
    return GenerationSeen(
        number=number,
        is_kept=number in snapshot.notes.kept,
        is_serving=generation is not None and _is_serving(session, generation, observed),
        is_ours=session.began(owner.operation),
        stopped=tuple(
            c.name for c in containers if c.state in ENDED and _gives_way(session, generation, c, observed)
        ),
        running=tuple(c.name for c in containers if c.state not in (*ENDED, ContainerState.PAUSED)),
    )


def _generation(session: Session, observed: Observation, owner: Ownership) -> Generation | None:
    """What the generation was to be; ``None`` where its release is not known here."""
    release = session.known_release(owner.release)
    if release is None:
        return None
    try:
        (environment,) = list_environments(observed)
        return Generation(replace(owner, service=None), release, definition_name(release, environment))
    except NotFoundError:
        return None


def _is_serving(session: Session, generation: Generation, observed: Observation) -> bool:
    (environment,) = list_environments(observed)
    is_at_home = not any(is_on_standby(container) for container in observed.containers)
    definition = served_definition(session, generation).definition
    return environment.state in SERVING and is_at_home and is_whole(definition, observed)


def _gives_way(
    session: Session, generation: Generation | None, container: ObservedContainer, observed: Observation
) -> bool:
    """Whether it is stopped for a successor: it has ports to publish, or data to hand over and is no job."""
    handed_over = {volume.name for volume in observed.volumes if volume.outlives}
    writes = not handed_over.isdisjoint(container.volumes)
    if generation is None:
        return writes or bool(container.routes)
    definition = served_definition(session, generation).definition
    service = definition.services.get(container.service)
    if service is None:
        return False
    return bool(service.ports) or (writes and Condition.COMPLETED not in awaited_conditions(definition, service))


def _carry_out(run: Run, snapshot: EnvironmentSnapshot, recovery: Recovery) -> None:
    """Containers first, as ports pass from one to another; what shows that this was necessary goes last."""
    session = run.session
    title, cause = f"recover {snapshot.name}", "a command was killed before it came to its end"

    def look(*, only_containers: bool) -> Observation:
        found = take_snapshot(session, snapshot.name).ours.of_generation(*recovery.remove)
        return Observation(containers=found.containers) if only_containers else found

    stop_all(run, recovery.stop, title=title, cause=cause)
    if recovery.remove and recovery.start:
        remove_all(run, lambda: look(only_containers=True), title=title, cause=cause, stage="undo")
    if recovery.start:
        start_again(run, recovery.start, title=title, cause=cause)
    if recovery.live is not None and (recovery.is_news or recovery.start or recovery.stop):
        session.ledger.append(_entry(session, snapshot, recovery.live, recovery))
    if recovery.live is not None:
        found = list_environments(take_snapshot(session, snapshot.name).ours.of_generation(recovery.live))
        for environment in found:
            lead_names(run, environment)
    if recovery.remove:
        remove_all(run, lambda: look(only_containers=False), title=title, cause=cause, stage="undo")
    sweep(run.session, snapshot.name)


def _entry(session: Session, snapshot: EnvironmentSnapshot, live: int, recovery: Recovery) -> LedgerEntry:
    owner, notes = snapshot.ours.of_generation(live).owners[0], snapshot.notes.of_generation(live)
    return environment_entry(
        session,
        owner,
        action="recover",
        detail=_describe(recovery),
        began=_began(snapshot, recovery),
        notes=structs.replace(notes, stopped=()) if notes.gave_way else notes,
    )


def _began(snapshot: EnvironmentSnapshot, recovery: Recovery) -> datetime | None:
    """What was killed began when it made the newest generation; ``None`` where it made none."""
    newest = max(snapshot.ours.owners, key=lambda owner: owner.generation)
    made_it = recovery.is_news or newest.generation in recovery.remove
    return newest.created_at if made_it else None


def _describe(recovery: Recovery) -> str:
    said = []
    if recovery.is_news:
        said.append(f"generation {recovery.live} had {'taken over' if recovery.remove else 'come up'}")
    if recovery.start:
        said.append(f"generation {recovery.live} is started again")
    if recovery.remove:
        said.append(f"generation {', '.join(map(str, recovery.remove))} is removed")
    if recovery.stop:
        said.append("what is kept is stopped again")
    return "; ".join(said)


KEPT = "it is kept to roll back to"


def plan_removal_of_superseded(
    observed: Observation, notes: EnvironmentNotes, *, after: Plan, replaced: int | None = None
) -> tuple[Plan, ...]:
    """The plan of :func:`remove_superseded` for ``observed`` once ``notes`` are true, ``after`` another plan."""
    stopped = {step.action.name for step in after if isinstance(step.action, StopContainer)}
    stops = plan_stop(observed.of_generation(*notes.kept).but_containers(stopped), title="", cause=KEPT)
    removal = plan_removal(
        _outdated(observed.once_stopped(stopped), notes, replaced), title="", cause=_cause(notes)
    )
    return tuple(plan for plan in (stops, removal) if len(plan))


def remove_superseded(run: Run, name: str, notes: EnvironmentNotes, *, replaced: int | None = None) -> None:
    """Stop what ``notes`` call kept, remove every other generation before theirs, remains of killed runs included.

    A newer one than theirs, unless it is the one that was ``replaced``, is another clone's, which has a lock of
    its own: that will remove this one when it is healthy.
    """
    session = run.session
    selection = Selection(installation=session.source.installation, environment=name)

    def look() -> Observation:
        return session.engine.observe(selection)

    if notes.kept:
        keeping = plan_stop(look().of_generation(*notes.kept), title=f"keep {name}", cause=KEPT)
        execute_to_the_end(run, keeping, stage="down")
    remove_all(
        run,
        lambda: _outdated(look(), notes, replaced),
        title=f"replace {name}",
        cause=_cause(notes),
        stage="down",
    )


def _outdated(observed: Observation, notes: EnvironmentNotes, replaced: int | None) -> Observation:
    numbers = {owner.generation for owner in observed.owners}
    gone = {number for number in numbers if number < notes.generation or number == replaced}
    return observed.of_generation(*(gone - {notes.generation, *notes.kept}))


def _cause(notes: EnvironmentNotes) -> str:
    return f"generation {notes.generation} has taken over"
