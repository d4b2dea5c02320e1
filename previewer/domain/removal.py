"""From what was observed to the plan that removes it. Pure."""

from __future__ import annotations

from previewer.domain.labels import Ownership
from previewer.domain.observation import Observation
from previewer.domain.plan import Plan, RemoveContainer, RemoveNetwork, RemoveVolume, Step


def plan_removal(observation: Observation, *, title: str, cause: str) -> Plan:
    """Remove everything in ``observation``: containers, then what they hung on.

    Networks and volumes wait for the containers of their own environment only.
    """
    containers: list[Step] = []
    of_environment: dict[str, set[str]] = {}
    for container in sorted(observation.containers, key=lambda container: container.name):
        step = Step(RemoveContainer(container.name), cause)
        containers.append(step)
        of_environment.setdefault(container.ownership.environment, set()).add(step.id)

    def after(owner: Ownership) -> frozenset[str]:
        return frozenset(of_environment.get(owner.environment, ()))

    networks = {n.name: Step(RemoveNetwork(n.name, n.id), cause, after(n.ownership)) for n in observation.networks}
    volumes = {v.name: Step(RemoveVolume(v.name), cause, after(v.ownership)) for v in observation.volumes}
    rest = (*(networks[name] for name in sorted(networks)), *(volumes[name] for name in sorted(volumes)))
    return Plan(title, (*containers, *rest))
