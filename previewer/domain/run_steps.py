"""The steps that start the services of a generation, each after what it depends on, and wait for them."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.definition import Definition
from previewer.domain.plan import AwaitContainer, CreateContainer, StartContainer, Step
from previewer.domain.service import Condition, Service
from previewer.domain.start_order import (
    awaited_conditions,
    awaited_ports,
    dependents,
    effective_dependencies,
    start_order,
)
from previewer.domain.target import Target


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
                AwaitContainer(name, condition, service.name, ports),
                cause,
                frozenset({f"{StartContainer.verb} {name}"}),
            )
