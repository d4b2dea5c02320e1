"""What the router reads for every request: files whose names say where a host name leads.

What a host name leads to is a folder that is never changed, of empty files: ``=127.0.0.1:28843`` for all paths,
and ``1/api/=127.0.0.1:28850`` for those below ``/api``. The host name's own folder has two links to it, of which
the second one counts while the first one is replaced, so a new generation takes over from one request to the next,
and the router is never reloaded. What was before is never listed, so it costs no request anything.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

from previewer.domain.compose.routes import EVERY_ADDRESS
from previewer.domain.engine.observation import ContainerState, Health, ObservedContainer
from previewer.domain.labels import NamedRoute

LINKS = ("now", "next")
"""Links in the folder of a host name; the one that is asked first is replaced last."""
TARGETS = ".to"
"""The folder of all that host names lead to, which is no host name."""
TUNNELS = ".via"
"""The folder of the shares that a tunnel leads to, by the host and port that it has elsewhere."""
INDEX = ".index"
"""The folder of what the pages of projects are put together from, by their host names."""
MOST_UPSTREAMS = 8
"""Containers of one service that are asked in turns; of more, the first ones."""


class Link(Struct, frozen=True):
    """A symbolic link, which appears whole or not at all."""

    target: str


RouterFiles: TypeAlias = Mapping[str, "bytes | Link"]
"""Files by path, in the order in which they have to appear."""


def route_files(containers: Iterable[ObservedContainer]) -> RouterFiles:
    """The files that let the names of containers lead to them, those of a service in turns."""
    dials: dict[NamedRoute, list[str]] = defaultdict(list)
    services: dict[tuple[str, str], str] = {}
    for container in _usable(containers):
        for name in container.names:
            dial = _dial(container, name.port)
            if dial and services.setdefault((name.host, name.path), container.service) == container.service:
                dials[name].append(dial)
    hosts: dict[str, dict[str, str]] = defaultdict(dict)
    for name, found in dials.items():
        target = ",".join(found[:MOST_UPSTREAMS])
        hosts[name.host].setdefault(_place(name), f"{target} {name.host_header}".strip())
    return _leading(hosts)


def page_files(names: Iterable[NamedRoute], *, status: int, page: str) -> RouterFiles:
    """The files that let every one of ``names`` answer with ``page``, and with an HTTP status."""
    hosts: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        hosts[name.host][_place(name)] = f"page {status}"
    return {**{f"{host}/page-{status}.html": page.encode() for host in hosts}, **_leading(hosts)}


def share_files(host: str, *, target: str, until: int, is_locked: bool = False, key: str = "") -> RouterFiles:
    """The files that let a shared host name lead to the host name ``target`` until a time, in Unix seconds.

    ``key`` is what a client has to send if it ``is_locked``: user and password in base64, without a slash. Without
    one nothing opens it. The host name of a tunnel is below :data:`TUNNELS`, with its port.
    """
    lock = "locked" if is_locked else "open"
    leading = _leading({host: {"": f"share {until} {target} {lock}"}})
    return {**({f"{host}/key-{key}": b""} if key else {}), **leading}


def host_page_files(host: str, *, page: str) -> RouterFiles:
    """The files that let a host name that is no environment's answer with ``page``."""
    return {f"{host}/page-200.html": page.encode(), **_leading({host: {"": "page 200"}})}


def _leading(hosts: Mapping[str, Mapping[str, str]]) -> RouterFiles:
    """``hosts`` by host name: what each place below it leads to."""
    found: dict[str, bytes | Link] = {}
    for host, targets in hosts.items():
        names = sorted(f"{place}={target}" for place, target in targets.items())
        folder = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
        found |= {f"{TARGETS}/{folder}/{name}": b"" for name in names}
        up = "../" * (host.count("/") + 1)
        found |= {f"{host}/{link}": Link(f"{up}{TARGETS}/{folder}") for link in reversed(LINKS)}
    return found


def _usable(containers: Iterable[ObservedContainer]) -> list[ObservedContainer]:
    """In order, without those that have ended or are unhealthy, where others of their service are not."""
    ordered = sorted(containers, key=lambda container: (container.service, container.number))
    well = [c for c in ordered if c.state is ContainerState.RUNNING and c.health is not Health.UNHEALTHY]
    served = {container.service for container in well}
    return [container for container in ordered if container in well or container.service not in served]


def _place(name: NamedRoute) -> str:
    """What is below the folder of what a host name leads to: nothing, ``1/api/``, ``2/api/v1/``."""
    parts = name.path.strip("/").split("/") if name.path else []
    return "".join(f"{part}/" for part in (str(len(parts)), *parts)) if parts else ""


def _dial(container: ObservedContainer, target: int) -> str:
    """Where the engine's own machine reaches a port of a container; empty where it does not."""
    published = [port for port in container.ports if port.target == target and port.protocol == "tcp"]
    for port in sorted(published, key=lambda port: ":" in port.host_ip):
        if port.host_port:
            address = "127.0.0.1" if port.host_ip in EVERY_ADDRESS else port.host_ip
            return f"[{address}]:{port.host_port}" if ":" in address else f"{address}:{port.host_port}"
    return ""
