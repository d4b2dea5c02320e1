"""The steps by which a generation comes by the ports of its predecessor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from previewer.domain.observation import ContainerState, Observation
from previewer.domain.plan import (
    AwaitContainer,
    CreateContainer,
    CreateNetwork,
    Plan,
    StartContainer,
    Step,
    StopContainer,
    TakePorts,
)
from previewer.domain.run_steps import await_steps, running_order, start_steps
from previewer.domain.service import Condition
from previewer.domain.start_order import awaited_conditions
from previewer.domain.takeover import Handover, publishing_services
from previewer.domain.target import Target

STOPPED = frozenset({ContainerState.CREATED, ContainerState.EXITED, ContainerState.DEAD})


def take_ports(target: Target, steps: Sequence[Step], *, grace: int) -> tuple[Step, ...]:
    """``steps``, which make a generation, with those among and after them by which it comes by its ports."""
    match target.takeover.handover:
        case Handover.REHEARSED:
            settled = frozenset(
                step.id for step in steps if isinstance(step.action, AwaitContainer | CreateNetwork)
            )
            stops = tuple(_stops(target, settled, grace=grace))
            return (*steps, *stops, *_moves(target, frozenset(step.id for step in stops)))
        case Handover.STOPPED_FIRST:
            creates = tuple(step for step in steps if not isinstance(step.action, AwaitContainer | StartContainer))
            made = frozenset(step.id for step in creates if isinstance(step.action, CreateContainer))
            stops = tuple(_stops(target, made, grace=grace))
            runs = [step for step in steps if isinstance(step.action, AwaitContainer | StartContainer)]
            return (*creates, *stops, *_after(target, runs, stops))
        case Handover.NONE | Handover.NEXT_PORTS:
            return tuple(steps)


def restart_steps(target: Target, *, grace: int) -> tuple[Step, ...]:
    """Start what was stopped and kept, in its order, once what has its ports is stopped.

    Jobs that others wait for have ended and are not run again.
    """
    stops = tuple(_stops(target, frozenset(), grace=grace))
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
    return (*stops, *_after(target, kept, stops))


def plan_stop(observation: Observation, *, title: str, cause: str, grace: int | None = None) -> Plan:
    """Stop what runs in ``observation`` and keep it; all at once, as nobody uses it any more."""
    running = (container for container in observation.containers if container.state not in STOPPED)
    ordered = sorted(running, key=lambda container: container.name)
    return Plan(title, tuple(Step(StopContainer(container.name, grace), cause) for container in ordered))


def _stops(target: Target, needs: frozenset[str], *, grace: int) -> Iterator[Step]:
    number = target.ownership.generation
    for holder in target.takeover.holders:
        ports = ", ".join(dict.fromkeys(str(port.host_port) for port in holder.ports))
        yield Step(StopContainer(holder.name, grace), f"generation {number} takes over port {ports}", needs)


def _moves(target: Target, needs: frozenset[str]) -> Iterator[Step]:
    cause = f"it is healthy on {target.takeover.binding} and belongs on {target.takeover.edge}"
    for service in publishing_services(target.definition):
        for name in target.container_names(service.name):
            yield Step(TakePorts(name, target.edge, target.takeover.edge), cause, needs)


def _after(target: Target, runs: Sequence[Step], stops: Sequence[Step]) -> Iterator[Step]:
    """``runs``, where services that publish ports start only after ``stops``."""
    before = frozenset(step.id for step in stops)
    publishing = {
        name for service in publishing_services(target.definition) for name in target.container_names(service.name)
    }
    for step in runs:
        waits = isinstance(step.action, StartContainer) and step.action.name in publishing
        yield replace(step, needs=step.needs | before) if waits else step
