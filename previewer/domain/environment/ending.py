"""How environments end, sleep and wake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct, field

from previewer.domain.commit.revision import BranchView
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.service import Condition, Service
from previewer.domain.compose.start_order import (
    awaited_conditions,
    awaited_ports,
    effective_dependencies,
    start_order,
)
from previewer.domain.deploy.plan import AwaitContainer, Plan, StartContainer, Step, StopContainer
from previewer.domain.engine.observation import ContainerState, ObservedContainer
from previewer.domain.environment.environment import Environment
from previewer.domain.units import format_time

ASKED_FOR_ALL = "all were to go"
ABANDONED = "the run that it belonged to has ended"


class Ends(Struct, frozen=True):
    """What makes an environment one to be removed; any of it is enough."""

    every: bool = False
    expired: bool = False
    """Its time to live is over."""
    abandoned: bool = False
    """The process that it was to end with has ended, and did not remove it."""
    merged: bool = False
    """All the work of its branch is in the default branch."""
    branch_gone: bool = False
    """Its branch was deleted, here and at every remote."""
    roles: frozenset[Role] = frozenset({Role.PREVIEW})
    """Only environments of these roles are ever chosen, whatever else is true of them."""

    @property
    def asks_git(self) -> bool:
        """Whether it takes a look at branches to decide."""
        return self.merged or self.branch_gone


class Ended(Struct, frozen=True):
    """Which environments are to go, and which only their role or a pin keeps."""

    causes: Mapping[str, str] = field(default_factory=dict)
    """The reason to remove each environment, by name: ends the sentence "… because"."""
    spared: Mapping[str, str] = field(default_factory=dict)
    """The reason to keep each environment, by name."""


def find_ended(
    environments: Iterable[Environment],
    ends: Ends,
    branches: BranchView,
    now: datetime,
    has_ended: Callable[[str], bool] = lambda _process: False,
) -> Ended:
    """Decide about every environment. A pinned one stays, unless all are to go.

    ``has_ended`` says of a process, as labels name it, whether it certainly has.
    """
    causes: dict[str, str] = {}
    spared: dict[str, str] = {}
    for environment in environments:
        process = environment.ownership.process
        is_abandoned = ends.abandoned and process is not None and has_ended(process)
        cause = ABANDONED if is_abandoned else why_ended(environment, ends, branches, now)
        if cause is None:
            continue
        if environment.role not in ends.roles:
            spared[environment.name] = (
                f"it is for {environment.role.value}: --role {environment.role.value} includes it"
            )
        elif environment.notes.pinned and not ends.every:
            spared[environment.name] = f"it is pinned: previewer pin --off {environment.name}"
        else:
            causes[environment.name] = cause
    return Ended(causes, spared)


def why_ended(environment: Environment, ends: Ends, branches: BranchView, now: datetime) -> str | None:
    """The first of ``ends`` that is true of an environment, in words; ``None`` if none is."""
    branch, expires_at = environment.ownership.branch, environment.expires_at
    if ends.branch_gone and branch is not None and branches.is_gone(branch):
        return f"its branch {branch} is gone"
    if ends.merged and branch is not None and branches.is_merged(branch):
        return f"its branch {branch} is merged"
    if ends.expired and expires_at is not None and expires_at <= now:
        return f"it expired at {format_time(expires_at)}"
    return ASKED_FOR_ALL if ends.every else None


GRACE = 2
"""Seconds that a container may take to end by itself: what its volumes hold is to be read again."""
_ENDED = frozenset({ContainerState.EXITED, ContainerState.DEAD, ContainerState.CREATED})


def plan_sleep(environment: Environment) -> Plan:
    """Stop every container that has not ended, all at once."""
    steps = tuple(
        Step(StopContainer(container.name, GRACE), "a sleeping environment takes no memory and no processor time")
        for container in _containers(environment)
        if container.state not in _ENDED
    )
    return Plan(f"sleep {environment.name}", steps)


def plan_wake(definition: Definition, environment: Environment) -> Plan:
    """Start what was stopped, each service after those that it depends on, and wait for health.

    ``definition`` is the frozen one that the environment runs. A job that had ended before is not run again.
    """
    steps: list[Step] = []
    known: set[str] = set()
    for service in start_order(definition):
        for step in _wakes(definition, service, environment):
            steps.append(Step(step.action, step.cause, step.needs & known))
            known.add(step.id)
    return Plan(f"wake {environment.name}", tuple(steps))


def ended_containers(definition: Definition, environment: Environment) -> tuple[str, ...]:
    """The names of containers that ran and have ended, although they were not put to sleep: with the engine, say.

    One that ended with 0 may have done its work: it counts only if it publishes ports or is asked for its health.
    """
    ended: list[str] = []
    for service in definition.services.values():
        if Condition.COMPLETED in awaited_conditions(definition, service):
            continue
        is_server = bool(service.ports) or service.has_healthcheck
        ended += (
            container.name
            for container in _containers(environment)
            if container.service == service.name
            and container.state in (ContainerState.EXITED, ContainerState.DEAD)
            and (is_server or container.exit_code != 0)
        )
    return tuple(sorted(ended))


def _wakes(definition: Definition, service: Service, environment: Environment) -> Iterator[Step]:
    asleep = [
        container
        for container in _containers(environment)
        if container.service == service.name and container.name in environment.notes.stopped
    ]
    needs = frozenset(
        step
        for dependency in effective_dependencies(definition, service)
        for container in _containers(environment)
        if container.service == dependency.service
        for step in _settled(container, dependency.condition)
    )
    for container in asleep:
        stop = Step(StopContainer(container.name, GRACE), "a killed command may have begun to stop it")
        is_ended = container.state in _ENDED
        if not is_ended:
            yield stop
        before = needs if is_ended else needs | {stop.id}
        start = Step(StartContainer(container.name, again=True), "it was put to sleep", before)
        yield start
        for condition in awaited_conditions(definition, service):
            ports = awaited_ports(definition, service) if condition is Condition.STARTED else ()
            await_step = AwaitContainer(container.name, condition, service.name, ports)
            yield Step(await_step, "wake ends when every service has settled", frozenset({start.id}))


def _settled(container: ObservedContainer, condition: Condition) -> Iterator[str]:
    """The ids of the steps that make ``condition`` true of a container; one without such a step is settled."""
    yield Step(StartContainer(container.name), "").id
    if condition is not Condition.STARTED:
        yield Step(AwaitContainer(container.name, condition, container.service), "").id


def _containers(environment: Environment) -> Iterator[ObservedContainer]:
    for service in environment.services:
        yield from service.containers
