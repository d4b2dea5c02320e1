"""Which published ports get a URL, and in which order: the first is the one that a person opens."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from previewer.domain.compose.definition import Definition

EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - read from definitions and engines, never bound to

DEBUGGERS = frozenset({2345, 5005, 5678, 9003, 9229})
"""Container ports on which programs listen while a debugger is wanted."""
TLS_PORTS = frozenset({443, 8443})
"""Container ports that web servers speak TLS on by convention: nothing on the engine says it."""
OTHER_PROTOCOLS = frozenset(
    {
        *(
            21,
            22,
            25,
            53,
            110,
            143,
            389,
            465,
            587,
            636,
            993,
            995,
            1025,
            2525,
        ),  # files, mail, names, directories
        *(1433, 1521, 3306, 3307, 5432, 5433, 6432, 26257, 33060, 50000),  # SQL databases
        *(6379, 6380, 7687, 9042, 11211, 26379, 27017, 27018, 27019, 28015),  # other databases and caches
        *(1883, 4222, 5671, 5672, 8883, 9092, 9094, 11300, 61613, 61616),  # queues and brokers
        *(2181, 4369, 5044, 8125, 9300, 10050, 10051, 24224, 25672),  # clusters, metrics and logs
        *DEBUGGERS,
        5900,  # remote screens
    }
)
"""Container ports of well-known services that do not speak HTTP."""


class Route(Struct, frozen=True):
    """One port that gets a URL."""

    service: str
    port: int
    """Inside the container, TCP."""
    name: str = ""
    """What tells its URL from the others, where the definition says so."""
    host: str = ""
    """The label in front of the environment's host name, ``@`` for that name itself; empty to have one chosen."""
    path: str = ""
    """The beginning of the paths that it answers, ``/api``; empty for all."""
    host_header: str = ""
    """The ``Host`` header that the service wants to see; empty for the name that was asked for."""
    is_tcp: bool = False
    """Whether it does not speak HTTP, so that it keeps a port."""


def declared_routes(definition: Definition) -> tuple[Route, ...]:
    """What ``x-previewer.routes`` says of the services that take part, in its order."""
    return tuple(
        Route(
            route.service,
            int(route.port),
            route.name,
            host=route.host,
            path=route.path,
            host_header=route.host_header,
            is_tcp=route.tcp,
        )
        for route in definition.extension.routes
        if route.service in definition.services
    )


def speaks_http(route: Route) -> bool:
    """Whether a router can give it a name: services that speak TLS themselves, or no HTTP, keep a port."""
    return not route.is_tcp and route.port not in OTHER_PROTOCOLS and route.port not in TLS_PORTS


def routes_of(definition: Definition) -> tuple[Route, ...]:
    """What ``x-previewer.routes`` says, else every published TCP port, the one that a person opens first.

    It speaks HTTP, and of such services it belongs to the one that the fewest others depend on; where that leaves
    several, the order of the file decides.
    """
    return declared_routes(definition) or tuple(dict.fromkeys(_published(definition)))


def url_of(address: str, port: int, *, target: int) -> str:
    """The URL of the container port ``target`` that is published on ``address`` of the host."""
    host = "127.0.0.1" if address in EVERY_ADDRESS else f"[{address}]" if ":" in address else address
    scheme = "tcp" if target in OTHER_PROTOCOLS else "https" if target in TLS_PORTS else "http"
    return f"{scheme}://{host}:{port}"


def is_web_page(url: str) -> bool:
    """Whether a browser can open a URL of :func:`url_of`."""
    return url.startswith(("http://", "https://"))


def reachable_address(published: str, engine: str | None, reached_as: str = "") -> str | None:
    """The address from here of a port that is published on a host address; ``None`` where there is none.

    ``engine`` is the name of the engine's machine, ``None`` for this one; ``reached_as`` (the user's word) wins.
    """
    if reached_as:
        return reached_as
    if engine is None:
        return "127.0.0.1" if published in EVERY_ADDRESS else published
    if published in EVERY_ADDRESS:
        return engine
    return None if ip_address(published).is_loopback else published


def _published(definition: Definition) -> Iterator[Route]:
    places = {name: place for place, name in enumerate(definition.order)}
    users = {name: len(_users_of(definition, name)) for name in definition.services}
    names = sorted(definition.services, key=lambda name: (users[name], places.get(name, len(places))))
    routes = [
        Route(name, port.target)
        for name in names
        for port in definition.services[name].ports
        if port.protocol == "tcp"
    ]
    yield from sorted(routes, key=lambda route: route.port in OTHER_PROTOCOLS)


def _users_of(definition: Definition, name: str) -> frozenset[str]:
    """The services that depend on a service, directly or by others."""
    users: set[str] = set()
    searched = [name]
    while searched:
        wanted = searched.pop()
        direct = {
            user.name
            for user in definition.services.values()
            if user.name not in users and any(needed.service == wanted for needed in user.dependencies)
        }
        users |= direct
        searched += direct
    return frozenset(users - {name})
