"""From what was observed to the plan that removes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.deploy.plan import (
    DisconnectContainer,
    Plan,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    Step,
)
from previewer.domain.engine.observation import ContainerState, Observation, ObservedContainer, ObservedNetwork

ATTACHED = (ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING)
"""What has an endpoint in its networks."""


def plan_removal(observation: Observation, *, title: str, cause: str) -> Plan:
    """Remove everything in ``observation``.

    What runs is disconnected from its networks first: so the engine, which waits for the kernel to take a network
    down, kills containers meanwhile. Volumes wait for containers. No environment waits for another.
    """
    names = sorted({owner.environment for owner in observation.owners})
    steps = [step for name in names for step in _steps(observation.of(name), cause)]
    order = (DisconnectContainer, RemoveContainer, RemoveNetwork, RemoveVolume)
    return Plan(title, tuple(sorted(steps, key=lambda step: order.index(type(step.action)))))


def _steps(found: Observation, cause: str) -> tuple[Step, ...]:
    """For the objects of one environment."""
    containers = sorted(found.containers, key=lambda container: container.name)
    networks = sorted(found.networks, key=lambda network: network.name)
    leaving = {container.name: step for container in containers if (step := _leave(container, networks, cause))}
    removing = {container.name: _remove(container, leaving, cause) for container in containers}
    removed = frozenset(step.id for step in removing.values())
    outside = {**removing, **leaving}
    """By container, the step after which it is in no network."""
    return (
        *leaving.values(),
        *removing.values(),
        *(
            Step(
                RemoveNetwork(network.name, network.id),
                cause,
                frozenset(outside[member.name].id for member in containers if network.name in member.networks),
            )
            for network in networks
        ),
        *(Step(RemoveVolume(name), cause, removed) for name in sorted(volume.name for volume in found.volumes)),
    )


def _leave(container: ObservedContainer, networks: list[ObservedNetwork], cause: str) -> Step | None:
    ids = tuple(network.id for network in networks if network.name in container.networks)
    if not ids or container.state not in ATTACHED:
        return None
    return Step(DisconnectContainer(container.name, ids), cause)


def _remove(container: ObservedContainer, leaving: Mapping[str, Step], cause: str) -> Step:
    needs = frozenset({leaving[container.name].id}) if container.name in leaving else frozenset()
    return Step(RemoveContainer(container.name), cause, needs)
