"""From what was observed to the plan that removes it. Pure."""

from __future__ import annotations

from previewer.domain.observation import ContainerState, Observation
from previewer.domain.plan import EmptyNetwork, Plan, RemoveContainer, RemoveNetwork, RemoveVolume, Step

ATTACHED = (ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING)
"""What has an endpoint in its networks."""


def plan_removal(observation: Observation, *, title: str, cause: str) -> Plan:
    """Remove everything in ``observation``.

    What runs is disconnected from its networks first: so the engine, which waits for the kernel to take a network
    down, kills containers meanwhile. Volumes wait for containers. No environment waits for another.
    """
    names = sorted({owner.environment for owner in observation.owners})
    steps = [step for name in names for step in _steps(observation.of(name), cause)]
    order = (EmptyNetwork, RemoveContainer, RemoveNetwork, RemoveVolume)
    return Plan(title, tuple(sorted(steps, key=lambda step: order.index(type(step.action)))))


def _steps(found: Observation, cause: str) -> tuple[Step, ...]:
    """For the objects of one environment."""
    networks = {network.name: network.id for network in sorted(found.networks, key=lambda network: network.name)}
    is_attached = any(container.state in ATTACHED for container in found.containers)
    emptying = [Step(EmptyNetwork(*network), cause) for network in networks.items() if is_attached]
    emptied = frozenset(step.id for step in emptying)
    containers = sorted(container.name for container in found.containers)
    removing = [Step(RemoveContainer(name), cause, emptied) for name in containers]
    removed = frozenset(step.id for step in removing)
    return (
        *emptying,
        *removing,
        *(Step(RemoveNetwork(*network), cause, emptied or removed) for network in networks.items()),
        *(Step(RemoveVolume(name), cause, removed) for name in sorted(volume.name for volume in found.volumes)),
    )
