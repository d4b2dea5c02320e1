"""One action of a plan as one call of the engine."""

from __future__ import annotations

from previewer.domain.plan import (
    Action,
    AwaitContainer,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    DisconnectContainer,
    FillVolume,
    Removal,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    StartContainer,
    StopContainer,
    TakePorts,
)
from previewer.engine.protocol import Engine
from previewer.errors import ConflictError, PortTakenError


def take_step(engine: Engine, action: Action) -> None:
    """Do what ``action`` says. Raises what the engine raises."""
    match action:
        case CreateNetwork() | CreateVolume() | FillVolume() | CreateContainer():
            _make(engine, action)
        case StartContainer(name, again):
            engine.start_container(name, again=again)
        case StopContainer(name, grace):
            engine.stop_container(name, grace=grace)
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
            f"somebody else took its host port meanwhile: {error.message}",
            where=error.where,
            hint="find out what listens there; what ran before is started again",
        ) from error
    held = engine.inspect_container(action.name).ports
    if not held or any(port.host_ip != action.address for port in held):
        seen = ", ".join(f"{port.host_ip}:{port.host_port}" for port in held) or "nowhere"
        raise ConflictError(
            f"its ports were to move to {action.address} and are at {seen}",
            where=f"container {action.name}",
            hint="another network of the service decides about its ports: give it no network of somebody else's",
        )
