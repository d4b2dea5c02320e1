"""One action of a plan as one call of the engine."""

from __future__ import annotations

from contextlib import suppress

from previewer.domain.deploy.plan import (
    Action,
    AwaitContainer,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    DisconnectContainer,
    FillVolume,
    PauseContainer,
    Plan,
    Removal,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    StartContainer,
    StopContainer,
    TakePorts,
)
from previewer.domain.engine.observation import Observation
from previewer.domain.progress import Event, Outcome, Report, TaskFinished
from previewer.engine.protocol import Engine
from previewer.errors import ConflictError, ObjectNotFoundError, PortTakenError


class MadeVolumes:
    """Listens to a plan's steps, of which the coordinator tells."""

    def __init__(self, plan: Plan, report: Report) -> None:
        self._names = {step.id: step.action.spec.name for step in plan if isinstance(step.action, CreateVolume)}
        self._made: set[str] = set()
        self._report = report

    def report(self, event: Event) -> None:
        """Where the execution of the plan is to report to."""
        if isinstance(event, TaskFinished) and event.outcome is Outcome.DONE and event.task in self._names:
            self._made.add(self._names[event.task])
        self._report(event)

    def require(self, made: Observation) -> None:
        """Raise :class:`ObjectNotFoundError` for one that is not among what was ``made``, by its labels."""
        if gone := sorted(self._made - {volume.name for volume in made.volumes}):
            raise ObjectNotFoundError("No such volume any more", where=f"volume {gone[0]}")

    def remove_rest(self, engine: Engine) -> None:
        """Remove those that came back without their labels; the others are gone by now.

        Their names are ours: generations are numbered once. One that is mounted by now stays.
        """
        for name in sorted(self._made):
            with suppress(ConflictError):
                engine.remove_volume(name)


def take_step(engine: Engine, action: Action) -> None:
    """Do what ``action`` says. Raises what the engine raises."""
    match action:
        case CreateNetwork() | CreateVolume() | FillVolume() | CreateContainer():
            _make(engine, action)
        case StartContainer(name, again):
            engine.start_container(name, again=again)
        case StopContainer(name, grace):
            engine.stop_container(name, grace=grace)
        case PauseContainer(name):
            engine.pause_container(name)
        case TakePorts():
            _take_ports(engine, action)
        case DisconnectContainer() | RemoveContainer() | RemoveNetwork() | RemoveVolume():
            _remove(engine, action)
        case AwaitContainer():
            raise TypeError("waiting is the coordinator's, not a call of the engine")


def _make(engine: Engine, action: CreateNetwork | CreateVolume | FillVolume | CreateContainer) -> None:
    match action:
        case CreateNetwork(network):
            engine.create_network(network)
        case CreateVolume(volume):
            engine.create_volume(volume)
        case FillVolume(fill):
            engine.fill_volume(fill)
        case CreateContainer(container):
            engine.create_container(container)


def _remove(engine: Engine, action: Removal) -> None:
    match action:
        case DisconnectContainer(name, networks):
            engine.disconnect_container(name, networks)
        case RemoveContainer(name):
            engine.remove_container(name)
        case RemoveNetwork(name, identifier):
            engine.remove_network(identifier or name)
        case RemoveVolume(name):
            engine.remove_volume(name)


def _take_ports(engine: Engine, action: TakePorts) -> None:
    """Join the network, and believe it only when the ports are seen where they belong.

    Raises :class:`ConflictError`, but no :class:`PortTakenError`: other ports would not help.
    """
    try:
        engine.connect_network(action.name, action.network, is_gateway=True)
    except PortTakenError as error:
        raise ConflictError(
            f"its host port was taken meanwhile: {error.message}",
            where=error.where,
            hint="find out what listens there; what ran before is started again",
        ) from error
    held = engine.inspect_container(action.name).ports
    if not held or any(port.host_ip != action.address for port in held):
        seen = ", ".join(f"{port.host_ip}:{port.host_port}" for port in held) or "nowhere"
        raise ConflictError(
            f"its ports were to move to {action.address} and are at {seen}",
            where=f"container {action.name}",
            hint="another network of the service decides about its ports: take it off external networks",
        )
