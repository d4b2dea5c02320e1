"""From what is wanted and what was observed to a plan. Pure: no engine, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.served_files import is_served
from previewer.domain.compose.service import Condition, Service
from previewer.domain.compose.start_order import (
    awaited_conditions,
    awaited_ports,
    dependents,
    effective_dependencies,
    start_order,
)
from previewer.domain.data.beginning import Lifetime
from previewer.domain.deploy.plan import (
    AwaitContainer,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    DisconnectContainer,
    FillVolume,
    Plan,
    StartContainer,
    Step,
    StopContainer,
    TakePorts,
)
from previewer.domain.deploy.takeover import EDGE, ENDED, Handover, publishing_services
from previewer.domain.deploy.target import Target, container_spec, fill_specs, network_specs, volume_specs
from previewer.domain.engine.observation import Observation


def running_order(definition: Definition) -> tuple[Service, ...]:
    """The services that any container exists of, each after what it depends on."""
    return tuple(service for service in start_order(definition) if service.replicas > 0)


def start_steps(target: Target, service: Service, *, again: bool = False) -> Iterator[Step]:
    """Start every container of a service; ``again`` for those that were stopped to be kept."""
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
        yield Step(StartContainer(name, again), cause, frozenset(needs | {f"{CreateContainer.verb} {name}"}))


def await_steps(target: Target, service: Service) -> Iterator[Step]:
    """Wait for what others ask of a service, and that it settles."""
    for condition in awaited_conditions(target.definition, service):
        waiting = ", ".join(dependents(target.definition, service, condition))
        cause = f"{waiting} depends on it" if waiting else "up ends when every service has settled"
        ports = awaited_ports(target.definition, service) if condition is Condition.STARTED else ()
        for name in target.container_names(service.name):
            yield Step(
                AwaitContainer(name, condition, service.name, ports, target.definition.extension.settle_seconds),
                cause,
                frozenset({f"{StartContainer.verb} {name}"}),
            )


def take_ports(target: Target, steps: Sequence[Step], *, grace: int) -> tuple[Step, ...]:
    """``steps``, which make a generation, with those among and after them by which it comes by its ports."""
    match target.port_handover.handover:
        case Handover.REHEARSED:
            settled = frozenset(
                step.id for step in steps if isinstance(step.action, AwaitContainer | CreateNetwork)
            )
            return (*steps, *_hand_over(target, settled, grace=grace))
        case Handover.STOPPED_FIRST:
            creates = tuple(step for step in steps if not isinstance(step.action, AwaitContainer | StartContainer))
            made = frozenset(step.id for step in creates if isinstance(step.action, CreateContainer))
            stops = tuple(_stops(target, made, grace=grace))
            runs = [step for step in steps if isinstance(step.action, AwaitContainer | StartContainer)]
            return (*creates, *stops, *_after(target, runs, stops))
        case Handover.NONE | Handover.NEXT_PORTS:
            return tuple(steps)


def restart_steps(target: Target, *, grace: int) -> tuple[Step, ...]:
    """Start what was stopped and kept, in its order: beside what has its ports, if it can wait elsewhere for them.

    Jobs that others wait for have ended and are not run again.
    """
    services = [
        service
        for service in running_order(target.definition)
        if Condition.COMPLETED not in awaited_conditions(target.definition, service)
    ]
    runs = [
        step
        for service in services
        for step in (*start_steps(target, service, again=True), *await_steps(target, service))
    ]
    known = frozenset(step.id for step in runs)
    kept = [replace(step, needs=step.needs & known) for step in runs]
    if target.port_handover.handover is Handover.REHEARSED:
        leaves = tuple(_leaves(target))
        settled = frozenset(step.id for step in kept if isinstance(step.action, AwaitContainer))
        return (*leaves, *_after(target, kept, leaves), *_hand_over(target, settled, grace=grace))
    stops = tuple(_stops(target, frozenset(), grace=grace))
    return (*stops, *_after(target, kept, stops))


def plan_stop(observation: Observation, *, title: str, cause: str) -> Plan:
    """Stop what runs in ``observation`` and keep it; all at once, as it is no longer used."""
    running = (container for container in observation.containers if container.state not in ENDED)
    ordered = sorted(running, key=lambda container: container.name)
    return Plan(title, tuple(Step(StopContainer(container.name, None), cause) for container in ordered))


def _hand_over(target: Target, settled: frozenset[str], *, grace: int) -> tuple[Step, ...]:
    """What has the ports lets go of them, and they move to the successor, which is ready for them."""
    stops = tuple(_stops(target, settled, grace=grace))
    return (*stops, *_moves(target, frozenset(step.id for step in stops) or settled))


def _leaves(target: Target) -> Iterator[Step]:
    """What was stopped while it had the ports is taken off its edge, so that it can wait for them elsewhere."""
    for service in publishing_services(target.definition):
        for name in target.container_names(service.name):
            cause = f"it waits on {target.port_handover.binding} until it is healthy"
            yield Step(DisconnectContainer(name, (target.edge,)), cause)


def _stops(target: Target, needs: frozenset[str], *, grace: int) -> Iterator[Step]:
    number = target.ownership.generation
    for holder in target.port_handover.holders:
        ports = ", ".join(dict.fromkeys(str(port.host_port) for port in holder.ports))
        yield Step(StopContainer(holder.name, grace), f"generation {number} takes over port {ports}", needs)


def _moves(target: Target, needs: frozenset[str]) -> Iterator[Step]:
    cause = f"it is healthy on {target.port_handover.binding} and belongs on {target.port_handover.edge}"
    for service in publishing_services(target.definition):
        for name in target.container_names(service.name):
            yield Step(TakePorts(name, target.edge, target.port_handover.edge), cause, needs)


def _after(target: Target, runs: Sequence[Step], stops: Sequence[Step]) -> Iterator[Step]:
    """``runs``, where services that publish ports start only after ``stops``."""
    before = frozenset(step.id for step in stops)
    publishing = {
        name for service in publishing_services(target.definition) for name in target.container_names(service.name)
    }
    for step in runs:
        waits = isinstance(step.action, StartContainer) and step.action.name in publishing
        yield replace(step, needs=step.needs | before) if waits else step


NOT_FROZEN = "not frozen yet"


def plan_generation(target: Target, *, action: str = "up", grace: int = 0) -> Plan:
    """Everything that one generation needs: networks and volumes, containers, starts, and in the end its ports.

    ``grace`` is how many seconds its predecessors have to let go of ports.
    """
    order = running_order(target.definition)
    stops = tuple(_writers_end(target))
    shared = (*_networks(target), *stops, *_volumes(target, frozenset(step.id for step in stops)))
    needs = frozenset(step.id for step in shared if step.action.name != target.edge)
    creates = tuple(step for service in order for step in _creates(target, service, needs))
    runs = tuple(
        step for service in order for step in (*start_steps(target, service), *await_steps(target, service))
    )
    taken = take_ports(_once_ended(target), (*shared, *creates, *runs), grace=grace)
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


def _writers_end(target: Target) -> Iterator[Step]:
    keys = ", ".join(sorted(key for key, data in target.data.items() if data.lifetime is Lifetime.ENVIRONMENT))
    for name in target.writers:
        yield Step(StopContainer(name, None), f"it hands over {keys}, which has one writer at a time")


def _once_ended(target: Target) -> Target:
    """As what hands over data has ended by then, and let go of its ports."""
    handover = target.port_handover
    holders = tuple(holder for holder in handover.holders if holder.name not in target.writers)
    return replace(target, port_handover=replace(handover, holders=holders))


def _volumes(target: Target, stops: frozenset[str]) -> Iterator[Step]:
    causes = {key: fill.content.cause for key, fill in target.fills.items()}
    for key, spec in volume_specs(target):
        cause, needs = causes.get(key, "") if is_served(key) else "", frozenset[str]()
        if data := target.data.get(key):
            cause = f"it begins with {data.origin}" if data.layers else "its data outlives the generation"
            needs = stops if data.lifetime is Lifetime.ENVIRONMENT else needs
        yield Step(CreateVolume(spec), cause or "the definition declares it", needs)
    for key, fill in fill_specs(target):
        yield Step(FillVolume(fill), causes[key], frozenset({f"{CreateVolume.verb} {fill.volume}"}))


def _creates(target: Target, service: Service, shared: frozenset[str]) -> Iterator[Step]:
    partners = {
        f"{CreateContainer.verb} {target.container_name(name, 1)}"
        for name in service.namespace_partners
        if name in target.definition.services
    }
    for number in range(1, service.replicas + 1):
        spec = container_spec(target, service, number)
        image = short_id(spec.image) if spec.image else NOT_FROZEN
        yield Step(CreateContainer(spec), f"service {service.name} runs image {image}", shared | partners)
