"""Why an environment has no URL, and the ``PREVIEWER_*`` variables that tell its containers theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from previewer.domain.compose.routes import Route
from previewer.domain.engine.observation import PublishedPort
from previewer.domain.environment.environment import Environment, State
from previewer.domain.labels import Ownership
from previewer.domain.naming import variable_suffix
from previewer.domain.units import format_time

_AT_REST = frozenset({State.STOPPED, State.FAILED})


def reason_for_no_url(environment: Environment) -> str:
    """In words, to stand after the environment's name. Ports are an engine's only while their containers run."""
    if environment.state is State.ASLEEP:
        return "it sleeps, and does not answer until it is woken"
    if environment.state in _AT_REST:
        return "it does not run"
    if _published_elsewhere(environment):
        return f"its ports are on the loopback address of {environment.machine}, which is not reached from here"
    return "no service of it publishes a port"


def remedy_for_no_url(environment: Environment) -> str:
    """What helps, as a hint."""
    if environment.state is State.ASLEEP:
        return f"previewer wake {environment.name}"
    if environment.state in _AT_REST:
        name = environment.name
        return f"`previewer status {name}` shows how it ended, `previewer wake {name}` starts it again"
    if ports := _published_elsewhere(environment):
        forwards = " ".join(f"-L {port.host_port}:{port.host_ip}:{port.host_port}" for port in ports)
        return (
            f"make a tunnel: `ssh -N {forwards} {environment.machine}`; or publish them for every address, with "
            "`host_ip: 0.0.0.0`, which the policy has to allow"
        )
    return "add `ports:` to the definition"


def _published_elsewhere(environment: Environment) -> tuple[PublishedPort, ...]:
    """Its TCP ports that only the engine's own machine reaches."""
    ports = (port for service in environment.services for one in service.containers for port in one.ports)
    return tuple(port for port in ports if environment.machine and port.protocol == "tcp" and port.host_port)


def url_variables(environment: Environment) -> dict[str, str]:
    """The ``PREVIEWER_URL…`` variables, as far as what runs tells them without its definition."""
    variables = {"PREVIEWER_URL": environment.url} if environment.url else {}
    for service in environment.services:
        for port in service.ports[:1]:
            variables[f"PREVIEWER_URL_{variable_suffix(service.name)}"] = port.url
    return variables


def injected_variables(
    ownership: Ownership, urls: Mapping[tuple[str, int], str], routes: Sequence[Route]
) -> dict[str, str]:
    """The variables for one environment.

    ``urls`` are those of the published TCP ports, by service and container port. ``PREVIEWER_URL_API_9090``
    names a port; ``PREVIEWER_URL_API`` is the service's first; ``PREVIEWER_URL`` is the first of ``routes``. A
    route with a name has its URL under that too, unless a service or port is called so.
    """
    variables = {
        "PREVIEWER": "1",
        "PREVIEWER_ENVIRONMENT": ownership.environment,
        "PREVIEWER_ROLE": ownership.role.value,
        "PREVIEWER_BRANCH": ownership.branch or "",
        "PREVIEWER_COMMIT": ownership.commit,
        "PREVIEWER_RELEASE": ownership.release,
        "PREVIEWER_EXPIRES_AT": format_time(ownership.expires_at) if ownership.expires_at else "",
    }
    routed = [(route, urls[key]) for route in routes if (key := (route.service, route.port)) in urls]
    for route, url in routed:
        variables.setdefault("PREVIEWER_URL", url)
        variables.setdefault(f"PREVIEWER_URL_{variable_suffix(route.service)}", url)
    for (service, port), url in urls.items():
        variables.setdefault(f"PREVIEWER_URL_{variable_suffix(service)}", url)
        variables[f"PREVIEWER_URL_{variable_suffix(service)}_{port}"] = url
    for route, url in routed:
        if route.name:
            variables.setdefault(f"PREVIEWER_URL_{variable_suffix(route.name)}", url)
    return variables
