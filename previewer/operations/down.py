"""Tear environments down, with proof: what is left afterwards is looked for and must be nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from previewer.deployment.data import see_data, sweep
from previewer.deployment.routing import forget_names
from previewer.domain.compose.served_files import is_served
from previewer.domain.deploy.plan import Plan, plan_removal
from previewer.domain.engine.observation import Observation
from previewer.domain.environment.environment import Environment
from previewer.domain.environment.environment import list_environments as environments_in
from previewer.domain.naming import environment_name
from previewer.domain.progress import Noted, Report
from previewer.domain.record.notes import NOTHING_NOTED, EnvironmentNotes, LedgerEntry
from previewer.domain.record.tombstone import Tombstone
from previewer.domain.units import counted
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError, PreviewerError, SourceError
from previewer.execution.remove import hold_locks, remove_by_plan
from previewer.records.environments import check_head, environment_entry, find_environment, list_environments
from previewer.records.tombstones import TombstoneWriter
from previewer.session.run import Run
from previewer.session.session import Session

CAUSE = "environments are disposable"


class DownResult(Struct, frozen=True):
    """What is gone."""

    removed: tuple[str, ...]
    """Every object that was removed, as ``container NAME``, ``network NAME``, ``volume NAME``."""
    environments: tuple[str, ...]
    """The environments they belonged to."""
    already_gone: tuple[str, ...]
    """Names that were known once and had nothing left to remove."""
    tombstones: tuple[Tombstone, ...] = ()
    """What is kept of the environments."""


class DownTarget(Struct, frozen=True):
    """What the words of a ``down`` mean, by one look at the engine."""

    environments: tuple[Environment, ...]
    """The environments that exist, in the order in which they were named."""
    gone: tuple[str, ...]
    """The names of those that did."""
    seen: Observation
    """What there was of them."""
    causes: Mapping[str, str]
    """Why each is to go, by name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that exist."""
        return tuple(environment.name for environment in self.environments)

    @property
    def title(self) -> str:
        """The plan's title."""
        return f"down {', '.join(self.names)}" if self.environments else "down"


def all_names(session: Session) -> tuple[str, ...]:
    """The names of all of the repository's environments, whole or not."""
    return tuple(environment.name for environment in list_environments(session))


def find_down_target(
    session: Session, environments: Sequence[str], *, causes: Mapping[str, str] | None = None
) -> DownTarget:
    """What :func:`down` would remove. ``causes`` say why, by name.

    Raises :class:`NotFoundError` for a name that nothing is known of.
    """
    observed = session.engine.observe(Selection(session.source.installation)) if environments else Observation()
    present: tuple[Environment, ...] = ()
    if environments:
        check_head(session, observed)
        present = environments_in(observed, session.known_notes())
    found: dict[str, Environment] = {}
    gone: list[str] = []
    for text in environments:
        try:
            environment = find_environment(session, text, among=present)
        except NotFoundError:
            if (former := _former_name(session, text)) is None:
                raise
            gone.append(former)
        else:
            found[environment.name] = environment
    why = {name: (causes or {}).get(name, CAUSE) for name in found}
    return DownTarget(tuple(found.values()), tuple(gone), observed.of(*found), why)


def plan_down(session: Session, environments: Sequence[str] | DownTarget) -> Plan:
    """What :func:`down` would do."""
    target = _target(session, environments)
    return _plan(target, target.seen)


def down(run: Run, environments: Sequence[str] | DownTarget) -> DownResult:
    """Remove everything that belongs to these environments, kept generations included, and keep a tombstone.

    Raises :class:`NotFoundError` for a name that nothing is known of, and :class:`LeftoversError` where something
    could not be removed. Once begun, it goes on to the end: half a removal is useless. A lock, a tombstone
    or an entry that cannot be written, on a full disk say, is told, and keeps nothing from being removed.
    """
    session = run.session
    target = _target(session, environments)
    for name in target.gone:
        run.report(Noted(f"{name} is already gone"))
    run.cancellation.check()
    if not target.environments:
        forget_names(run, target.seen)
        return DownResult((), (), target.gone)
    tombstone_writer = TombstoneWriter(session, target.environments, target.seen, target.causes)
    with hold_locks(run, target.names, purpose="down"):

        def plan(found: Observation) -> Plan:
            tombstone_writer.capture(found)
            return _plan(target, found)

        removed = remove_by_plan(
            run, lambda: _observe(session, target.names), plan, title=target.title, stage="down"
        )
        _remove_data(run, target)
        tombstones = _finish(tombstone_writer, report=run.report)
        _note(run, target)
    forget_names(run, target.seen)
    _tell_what_is_elsewhere(run, target.seen)
    return DownResult(removed, target.names, target.gone, tombstones)


def _target(session: Session, environments: Sequence[str] | DownTarget) -> DownTarget:
    return environments if isinstance(environments, DownTarget) else find_down_target(session, environments)


def _observe(session: Session, names: Sequence[str]) -> Observation:
    """What belongs to the environments, in one look however many they are."""
    one = names[0] if len(names) == 1 else None
    return session.engine.observe(Selection(session.source.installation, environment=one)).of(*names)


def _plan(target: DownTarget, found: Observation) -> Plan:
    """Environment by environment, none of which waits for another."""
    plans = [plan_removal(found.of(name), title="", cause=target.causes[name]) for name in sorted(target.names)]
    steps = tuple(step for plan in plans for step in plan)
    return Plan(target.title, steps, left_data=tuple(_deleted_data(target, found)))


def _deleted_data(target: DownTarget, found: Observation) -> Iterator[str]:
    """One line for each environment that has data."""
    for name in sorted(target.names):
        keys = {volume.key for volume in found.of(name).volumes if volume.key and not is_served(volume.key)}
        if keys:
            yield f"data is deleted: what is in {', '.join(sorted(keys))} of {name}; snapshots stay"


def _tell_what_is_elsewhere(run: Run, seen: Observation) -> None:
    """Name what of them is on nodes where nothing could be done."""
    for node in sorted({node for container in seen.containers for node in container.left_on}):
        services = sorted({container.service for container in seen.containers if node in container.left_on})
        run.report(
            Noted(
                f"{', '.join(services)} may still run on {node}, which does not answer, and ends when it is back"
            )
        )
    home = seen.nodes.home_name if seen.nodes else ""
    for node in sorted({container.node for container in seen.containers if container.volumes} - {"", home}):
        volumes = sorted({name for c in seen.containers if c.node == node for name in c.volumes})
        hint = f"`previewer down` with --host of {node} removes them"
        run.report(Noted(f"{', '.join(volumes)}: left on {node}, whose engine is not the one asked", hint=hint))


def _remove_data(run: Run, target: DownTarget) -> None:
    """Remove the data that outlived the generations of what is gone; what snapshots are made of stays."""
    seen = see_data(run.session)
    for name in target.names:
        sweep(run.session, name, seen=seen)


def _finish(tombstone_writer: TombstoneWriter, *, report: Report) -> tuple[Tombstone, ...]:
    try:
        return tombstone_writer.finish()
    except PreviewerError as error:
        report(Noted(f"no record of the removal could be written: {error}"))
        return ()


def _note(run: Run, target: DownTarget) -> None:
    """Write into the history what is gone. The notes of one that cannot be written do no harm: they are about a
    generation that nothing has any more."""
    failure: SourceError | None = None
    for environment in target.environments:
        try:
            run.session.ledger.append(_entry(run.session, environment, target))
        except SourceError as error:
            failure = failure or error
    if failure is not None:
        run.report(Noted(f"it could not be added to the history: {failure}"))


def _former_name(session: Session, text: str) -> str | None:
    candidates = {text, environment_name(session.project, text)}
    try:
        former = {entry.environment for entry in session.ledger.entries() if entry.environment}
    except SourceError:
        return None
    return next(iter(sorted(candidates & former)), None)


def _entry(session: Session, environment: Environment, target: DownTarget) -> LedgerEntry:
    name, before = environment.name, target.seen.of(environment.name)
    kinds = (("container", before.containers), ("network", before.networks), ("volume", before.volumes))
    cause = target.causes[name]
    what = ", ".join(counted(len(objects), noun) for noun, objects in kinds)
    detail = what if cause == CAUSE else f"{what}, because {cause}"
    notes = _notes_of_gone(environment)
    return environment_entry(session, environment.ownership, action="down", detail=detail, notes=notes)


def _notes_of_gone(environment: Environment) -> EnvironmentNotes:
    """What can be brought back, and from which generation on numbers are new; nothing where nothing can."""
    known = environment.notes.known_good
    return EnvironmentNotes(environment.ownership.generation, known_good=known) if known else NOTHING_NOTED
