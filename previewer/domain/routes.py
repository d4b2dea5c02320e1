"""Which published ports get a URL, and in which order: the first is the one that a person opens."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from previewer.domain.definition import Definition
from previewer.domain.json_value import as_list, as_object, as_text
from previewer.frozen import dataclass

FRONT_END_NAMES = ("web", "frontend", "front", "app", "www", "ui", "proxy", "nginx", "caddy")
"""Where ``x-previewer.routes`` does not say it, the service of the first of these names is the front end."""

WEB_PORTS_ARE_PLAIN = "http"
"""The scheme of a URL for a published TCP port: nothing on the engine says whether it speaks TLS."""

EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - read from definitions and engines, never bound to


@dataclass(frozen=True, slots=True)
class Route:
    """One port that gets a URL."""

    service: str
    port: int
    """Inside the container, TCP."""
    name: str = ""
    """What tells its URL from the others, where the definition says so."""


def declared_routes(definition: Definition) -> tuple[Route, ...]:
    """What ``x-previewer.routes`` says of the services that take part, in its order."""
    entries = [as_object(entry) for entry in as_list(definition.extension.get("routes"))]
    found = [
        Route(as_text(entry.get("service")), int(str(entry.get("port"))), as_text(entry.get("name")))
        for entry in entries
    ]
    return tuple(route for route in found if route.service in definition.services)


def routes_of(definition: Definition) -> tuple[Route, ...]:
    """What ``x-previewer.routes`` says, else every published TCP port, those of a front end first."""
    return declared_routes(definition) or tuple(dict.fromkeys(_published(definition)))


def front_end_rank(service: str) -> int:
    """How early a service comes where no routes are declared."""
    return FRONT_END_NAMES.index(service) if service in FRONT_END_NAMES else len(FRONT_END_NAMES)


def url_of(address: str, port: int) -> str:
    """The URL of a port that is published on ``address`` of the host."""
    host = "127.0.0.1" if address in EVERY_ADDRESS else f"[{address}]" if ":" in address else address
    return f"{WEB_PORTS_ARE_PLAIN}://{host}:{port}"


def reachable_address(published: str, engine: str | None) -> str | None:
    """The address from here of a port that is published on a host address; ``None`` where there is none.

    ``engine`` is the name of the engine's machine, ``None`` for this one.
    """
    if engine is None:
        return "127.0.0.1" if published in EVERY_ADDRESS else published
    if published in EVERY_ADDRESS:
        return engine
    return None if ip_address(published).is_loopback else published


def _published(definition: Definition) -> Iterator[Route]:
    for name in sorted(definition.services, key=front_end_rank):
        for port in definition.services[name].ports:
            if port.protocol == "tcp":
                yield Route(name, port.target)
