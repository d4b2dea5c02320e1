"""In which order services start, and who waits for what in whom."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from previewer.domain.compose.definition import Definition
from previewer.domain.compose.routes import declared_routes
from previewer.domain.compose.service import Condition, Dependency, Service
from previewer.errors import DefinitionError


def start_order(definition: Definition) -> tuple[Service, ...]:
    """The services, each after everything that it depends on; by name where there is no order.

    Raises :class:`DefinitionError` that names the circle where services depend on each other.
    """
    graph = TopologicalSorter(
        {
            name: {dependency.service for dependency in effective_dependencies(definition, service)}
            for name, service in definition.services.items()
        }
    )
    try:
        graph.prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        raise DefinitionError(
            f"services depend on each other in a circle: {' → '.join(circle)}",
            where=str(definition.locate(("services", circle[0], "depends_on"))),
        ) from error
    order: list[Service] = []
    while graph.is_active():
        ready = sorted(graph.get_ready())
        order.extend(definition.services[name] for name in ready)
        graph.done(*ready)
    return tuple(order)


def effective_dependencies(definition: Definition, service: Service) -> tuple[Dependency, ...]:
    """The dependencies that any container exists of: optional ones may be missing, others scaled to none."""
    return tuple(
        dependency
        for dependency in service.dependencies
        if dependency.service in definition.services and definition.services[dependency.service].replicas > 0
    )


def awaited_conditions(definition: Definition, service: Service) -> tuple[Condition, ...]:
    """What is waited for in ``service``: what others ask of it, and that it settles before ``up`` ends.

    A service that others want completed is a job: nothing else is waited for in it.
    """
    asked = {
        dependency.condition
        for other in definition.services.values()
        for dependency in effective_dependencies(definition, other)
        if dependency.service == service.name
    }
    if Condition.COMPLETED in asked:
        return tuple(c for c in (Condition.HEALTHY, Condition.COMPLETED) if c in asked)
    wants_health = service.has_healthcheck or Condition.HEALTHY in asked
    return (Condition.HEALTHY if wants_health else Condition.STARTED,)


def awaited_ports(definition: Definition, service: Service) -> tuple[int, ...]:
    """The TCP ports of a service that accept connections before ``up`` ends, where no health check tells more.

    They are those that ``x-previewer.await_ports`` names for it, else its routes, else all that it publishes.
    Where ``await_ports`` is false, there are none.
    """
    ports = definition.extension.await_ports
    if ports is False or service.network_mode == "host":
        return ()
    published = dict.fromkeys(port.target for port in service.ports if port.protocol == "tcp")
    if service.name in ports:
        return tuple(port for port in published if port in ports[service.name])
    routed = {route.port for route in declared_routes(definition) if route.service == service.name}
    return tuple(port for port in published if not routed or port in routed)


def unproven_services(definition: Definition) -> frozenset[str]:
    """The services of which ``up`` learns only that they started, unless their image has a health check."""
    return frozenset(
        service.name
        for service in definition.services.values()
        if awaited_conditions(definition, service) == (Condition.STARTED,)
        and not awaited_ports(definition, service)
    )


def dependents(definition: Definition, service: Service, condition: Condition) -> tuple[str, ...]:
    """The services that wait for ``condition`` in ``service``, sorted."""
    return tuple(
        name
        for name, other in definition.services.items()
        for dependency in effective_dependencies(definition, other)
        if dependency.service == service.name and dependency.condition is condition
    )
