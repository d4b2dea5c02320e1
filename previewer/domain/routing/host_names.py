"""The host names of an environment: known before anything starts, and the same in every generation."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from previewer.domain.compose.routes import Route, speaks_http
from previewer.domain.labels import NamedRoute
from previewer.domain.naming import HASH_LENGTH, LABEL_LENGTH, environment_name, slug

OWN_HOST = "@"
"""What ``host`` of a route says for the environment's own name."""
_NOT_IN_LABEL = re.compile(r"[^a-z0-9]+")


class RouterAddress(Struct, frozen=True):
    """Where the router of an engine answers."""

    domain: str = "localhost"
    """What all host names end with."""
    port: int = 80
    """Where it speaks HTTP."""
    has_tls: bool = False
    """Whether it speaks TLS too, at :func:`tls_port`."""

    def url(self, host: str, path: str = "") -> str:
        """The address of a host name; ``path`` is empty or begins with a slash."""
        if self.has_tls:
            port = tls_port(self.port)
            return f"https://{host}{'' if port == 443 else f':{port}'}{path}"
        return f"http://{host}{'' if self.port == 80 else f':{self.port}'}{path}"


def tls_port(port: int) -> int:
    """The port for TLS of a router that speaks HTTP at ``port``: 443 beside 80, 7443 beside 7080."""
    return port + 443 - 80


class NamedService(Struct, frozen=True):
    """A name that leads to a port of a service."""

    service: str
    route: NamedRoute


def place_of(url: str) -> tuple[str, int]:
    """The host and port that a URL leads to; names below ``localhost`` lead to this machine."""
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0]
    host, colon, port = authority.rpartition(":") if not authority.endswith("]") else (authority, "", "")
    name = (host if colon else authority).strip("[]")
    is_local = name == "localhost" or name.endswith(".localhost")
    usual = 443 if scheme == "https" else 80
    return "127.0.0.1" if is_local else name, int(port) if port.isdecimal() else usual


def project_host(project: str, domain: str) -> str:
    """Where the index of a project's environments is: ``shop.localhost``."""
    return f"{slug(project)}.{domain}"


def environment_host(
    environment: str,
    *,
    project: str,
    branch: str | None,
    installation: str,
    domain: str,
    taken: Collection[str],
    current: Collection[str] = (),
    reserved: Collection[str],
) -> str:
    """The environment's own host name: ``feature-login.shop.localhost``.

    It is the branch's name as people would write it, unless another environment has that (``taken``) or it means
    something else in the project (``reserved``: ``staging``, ``main``). Then it is the environment's name, with a
    hash of the repository's id where another repository has that too. What it has (``current``) it keeps.
    """
    end = project_host(project, domain)
    part = slug(environment.removeprefix(f"{project}-") or environment)
    plain = _NOT_IN_LABEL.sub("-", (branch or "").lower()).strip("-")
    is_usual = branch is not None and environment_name(project, branch) == environment
    is_plain = is_usual and 0 < len(plain) <= LABEL_LENGTH and plain not in reserved
    suffix = hashlib.sha256(installation.encode("utf-8", "surrogateescape")).hexdigest()[:HASH_LENGTH]
    labels = [*([plain] if is_plain else []), part]
    last = f"{part[: LABEL_LENGTH - HASH_LENGTH - 1].rstrip('-')}-{suffix}.{end}"
    hosts = [*(f"{label}.{end}" for label in labels), last]
    free = [host for host in hosts if host not in taken]
    return next((host for host in free if host in current), free[0] if free else last)


def name_routes(
    routes: Sequence[Route], *, services: Iterable[str], host: str, router: RouterAddress
) -> tuple[NamedService, ...]:
    """What each of ``routes`` that speaks HTTP is called below the environment's own ``host``, in their order.

    The first one without a name of its own has the environment's host, and so have those with a path; each other
    one has its service's label in front. No two have the same host and path.
    """
    labels = _service_labels(services)
    taken: set[tuple[str, str]] = set()
    found: list[NamedService] = []
    for route in filter(speaks_http, routes):
        place = next(
            place for place in _places(route, host, labels) if place not in taken and len(place[0]) <= 253
        )
        taken.add(place)
        named = NamedRoute(port=route.port, url=router.url(*place), host_header=route.host_header)
        found.append(NamedService(route.service, named))
    return tuple(found)


def _places(route: Route, host: str, labels: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Where a route could be, best first: its host name and its path."""
    label = slug(route.name) if route.name else labels.get(route.service) or slug(route.service)
    if route.host and route.host != OWN_HOST:
        yield f"{route.host}.{host}", route.path
    else:
        yield host, route.path
    yield f"{label}.{host}", route.path
    yield f"{slug(f'{label}-{route.port}')}.{host}", route.path
    number = 2
    while True:
        yield f"{slug(f'{label}-{route.port}-{number}')}.{host}", route.path
        number += 1


def _service_labels(services: Iterable[str]) -> dict[str, str]:
    """DNS labels by service: readable, and with a hash only where two would be called alike."""
    names = sorted(set(services))
    plain = {name: _NOT_IN_LABEL.sub("-", name.lower()).strip("-") for name in names}
    counts = Counter(plain.values())
    return {
        name: label if label and counts[label] == 1 and len(label) <= LABEL_LENGTH else slug(name)
        for name, label in plain.items()
    }
