"""From what is wanted and what was observed to a plan. Pure: no engine, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.served_files import is_served
from previewer.domain.compose.service import Service
from previewer.domain.deploy.plan import CreateContainer, CreateNetwork, CreateVolume, FillVolume, Plan, Step
from previewer.domain.deploy.take_ports import await_steps, running_order, start_steps, take_ports
from previewer.domain.deploy.takeover import EDGE
from previewer.domain.deploy.target import Target, container_spec, fill_specs, network_specs, volume_specs
from previewer.domain.json_value import as_text

NOT_FROZEN = "not frozen yet"


def plan_generation(target: Target, *, action: str = "up", grace: int = 0) -> Plan:
    """Everything that one generation needs: networks and volumes, containers, starts, and in the end its ports.

    ``grace`` is how many seconds its predecessors have to let go of ports.
    """
    order = running_order(target.definition)
    shared = (*_networks(target), *_volumes(target))
    needs = frozenset(step.id for step in shared if step.action.name != target.edge)
    creates = tuple(step for service in order for step in _creates(target, service, needs))
    runs = tuple(
        step for service in order for step in (*start_steps(target, service), *await_steps(target, service))
    )
    taken = take_ports(target, (*shared, *creates, *runs), grace=grace)
    return Plan(title_of(target, action), taken)


def title_of(target: Target, action: str) -> str:
    """What is done to which environment, with its generation and release."""
    owner = target.ownership
    release = short_id(owner.release) if owner.release else NOT_FROZEN
    return f"{action} {owner.environment} (generation {owner.generation}, release {release})"


def join_plans(title: str, *plans: Plan) -> Plan:
    """The steps and notes of several plans, each begun when the one before it has ended."""
    steps: list[Step] = []
    for plan in plans:
        before = frozenset(step.id for step in steps)
        steps.extend(Step(step.action, step.cause, step.needs | before) for step in plan)
    return Plan(title, tuple(steps), notes=tuple(note for plan in plans for note in plan.notes))


def _networks(target: Target) -> Iterator[Step]:
    causes = {
        "default": "nothing is shared between environments",
        EDGE: f"ports are rehearsed on {target.port_handover.binding} and move to {target.port_handover.edge}",
    }
    for key, spec in network_specs(target):
        yield Step(CreateNetwork(spec), causes.get(key, "the definition declares it"))


def _volumes(target: Target) -> Iterator[Step]:
    causes = {key: fill.content.cause for key, fill in target.fills.items()}
    for key, spec in volume_specs(target):
        cause = causes.get(key, "") if is_served(key) else ""
        yield Step(CreateVolume(spec), cause or "the definition declares it")
    for key, fill in fill_specs(target):
        yield Step(FillVolume(fill), causes[key], frozenset({f"{CreateVolume.verb} {fill.volume}"}))


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
