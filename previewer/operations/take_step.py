"""One action of a plan as one call of the engine."""

from __future__ import annotations

from previewer.domain.plan import (
    Action,
    AwaitContainer,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    FillVolume,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    StartContainer,
)
from previewer.engine.protocol import Engine


def take_step(engine: Engine, action: Action) -> None:
    """Do what ``action`` says. Raises what the engine raises."""
    match action:
        case CreateNetwork(spec):
            engine.create_network(spec)
        case CreateVolume(volume):
            engine.create_volume(volume)
        case FillVolume(fill):
            engine.fill_volume(fill)
        case CreateContainer(container):
            engine.create_container(container)
        case StartContainer(name):
            engine.start_container(name)
        case RemoveContainer(name):
            engine.remove_container(name)
        case RemoveNetwork(name, identifier):
            engine.remove_network(identifier or name)
        case RemoveVolume(name):
            engine.remove_volume(name)
        case AwaitContainer():
            raise TypeError("waiting is the coordinator's, not a call of the engine")
