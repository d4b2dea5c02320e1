"""From what is wanted and what was observed to a plan. Pure: no engine, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.json_value import as_text
from previewer.domain.labels import Ownership
from previewer.domain.observation import Observation
from previewer.domain.plan import (
    AwaitContainer,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    FillVolume,
    Plan,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    StartContainer,
    Step,
)
from previewer.domain.revision import short_id
from previewer.domain.served_files import FILES_VOLUME
from previewer.domain.service import Condition, Service
from previewer.domain.start_order import awaited_conditions, dependents, effective_dependencies, start_order
from previewer.domain.target import Target, container_spec, fill_spec, network_specs, volume_specs

NOT_FROZEN = "not frozen yet"


def plan_generation(target: Target) -> Plan:
    """Everything that one generation needs, made from nothing: networks and volumes, containers, starts."""
    order = [service for service in start_order(target.definition) if service.replicas > 0]
    shared = (*_networks(target), *_volumes(target))
    needs = frozenset(step.id for step in shared)
    creates = [step for service in order for step in _creates(target, service, needs)]
    runs = [step for service in order for step in (*_starts(target, service), *_awaits(target, service))]
    owner = target.ownership
    release = short_id(owner.release) if owner.release else NOT_FROZEN
    title = f"up {owner.environment} (generation {owner.generation}, release {release})"
    return Plan(title, (*shared, *creates, *runs))


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


def join_plans(title: str, *plans: Plan) -> Plan:
    """Several plans, each begun when the one before it has ended."""
    steps: list[Step] = []
    for plan in plans:
        before = frozenset(step.id for step in steps)
        steps.extend(Step(step.action, step.cause, step.needs | before) for step in plan)
    return Plan(title, tuple(steps), notes=tuple(note for plan in plans for note in plan.notes))


def _networks(target: Target) -> Iterator[Step]:
    for key, spec in network_specs(target):
        cause = "nothing is shared between environments" if key == "default" else "the definition declares it"
        yield Step(CreateNetwork(spec), cause)


def _volumes(target: Target) -> Iterator[Step]:
    for key, spec in volume_specs(target):
        cause = "services read files of the commit" if key == FILES_VOLUME else "the definition declares it"
        yield Step(CreateVolume(spec), cause)
    if (fill := fill_spec(target)) is not None:
        needs = frozenset({f"{CreateVolume.verb} {fill.volume}"})
        yield Step(FillVolume(fill), "services read files of the commit", needs)


def _creates(target: Target, service: Service, shared: frozenset[str]) -> Iterator[Step]:
    partners = {
        f"{CreateContainer.verb} {target.container_name(name, 1)}"
        for name in _namespace_partners(service)
        if name in target.definition.services
    }
    for number in range(1, service.replicas + 1):
        spec = container_spec(target, service, number)
        image = short_id(spec.image) if spec.image else NOT_FROZEN
        yield Step(CreateContainer(spec), f"service {service.name} runs image {image}", shared | partners)


def _namespace_partners(service: Service) -> Iterator[str]:
    """The services whose namespaces this one joins: their container must exist before its own is made."""
    for key in ("network_mode", "ipc", "pid"):
        value = as_text(service.spec.get(key))
        if value.startswith("service:"):
            yield value.removeprefix("service:")


def _starts(target: Target, service: Service) -> Iterator[Step]:
    dependencies = effective_dependencies(target.definition, service)
    needs: set[str] = set()
    for dependency in dependencies:
        for name in target.container_names(dependency.service):
            if dependency.condition is Condition.STARTED:
                needs.add(f"{StartContainer.verb} {name}")
            else:
                needs.add(Step(AwaitContainer(name, dependency.condition, dependency.service), "").id)
    names = ", ".join(sorted(dependency.service for dependency in dependencies))
    cause = f"it comes after {names}" if names else "it depends on nothing"
    for name in target.container_names(service.name):
        yield Step(StartContainer(name), cause, frozenset(needs | {f"{CreateContainer.verb} {name}"}))


def _awaits(target: Target, service: Service) -> Iterator[Step]:
    for condition in awaited_conditions(target.definition, service):
        waiting = ", ".join(dependents(target.definition, service, condition))
        cause = f"{waiting} depends on it" if waiting else "up ends when every service has settled"
        for name in target.container_names(service.name):
            yield Step(
                AwaitContainer(name, condition, service.name), cause, frozenset({f"{StartContainer.verb} {name}"})
            )
