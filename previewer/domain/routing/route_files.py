"""What the router reads for every request: files whose names say where a host name leads.

The folder of a host name holds empty files called ``=127.0.0.1:28843``, and the newest one counts. A file appears
whole or not at all, so a new generation takes over from one request to the next, and the router is never reloaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from previewer.domain.compose.routes import EVERY_ADDRESS
from previewer.domain.engine.observation import ObservedContainer
from previewer.domain.labels import NamedRoute


def route_files(containers: Iterable[ObservedContainer]) -> dict[str, bytes]:
    """The files that let the names of containers lead to them. Of a service's containers the first counts."""
    found: dict[str, bytes] = {}
    claimed: set[str] = set()
    for container in sorted(containers, key=lambda container: (container.service, container.number)):
        for name in container.names:
            dial = _dial(container, name.port)
            place = _place(name)
            if dial and place not in claimed:
                claimed.add(place)
                found[f"{place}/={dial}{f' {name.host_header}' if name.host_header else ''}"] = b""
    return found


def page_files(names: Collection[NamedRoute], *, status: int, page: str) -> dict[str, bytes]:
    """The files that let every one of ``names`` answer with ``page``, and with an HTTP status."""
    content = page.encode()
    hosts = {f"{name.host}/page-{status}.html": content for name in names}
    return {**hosts, **{f"{_place(name)}/=page {status}": b"" for name in names}}


def share_files(host: str, *, target: str, until: int, is_locked: bool = False, key: str = "") -> dict[str, bytes]:
    """The files that let a shared host name lead to the host name ``target`` until a time, in Unix seconds.

    ``key`` is what a client has to send if it ``is_locked``: user and password in base64, without a slash. Without
    one nothing opens it.
    """
    lock = "locked" if is_locked else "open"
    return {**({f"{host}/key-{key}": b""} if key else {}), f"{host}/=share {until} {target} {lock}": b""}


def host_page_files(host: str, *, page: str) -> dict[str, bytes]:
    """The files that let a host name that is no environment's answer with ``page``."""
    return {f"{host}/page-200.html": page.encode(), f"{host}/=page 200": b""}


def _place(name: NamedRoute) -> str:
    """The folder of a host name, or of a path below it: ``HOST``, ``HOST/1/api``, ``HOST/2/api/v1``."""
    parts = name.path.strip("/").split("/") if name.path else []
    return "/".join([name.host, *((str(len(parts)), *parts) if parts else ())])


def _dial(container: ObservedContainer, target: int) -> str:
    """Where the engine's own machine reaches a port of a container; empty where it does not."""
    published = [port for port in container.ports if port.target == target and port.protocol == "tcp"]
    for port in sorted(published, key=lambda port: ":" in port.host_ip):
        if port.host_port:
            address = "127.0.0.1" if port.host_ip in EVERY_ADDRESS else port.host_ip
            return f"[{address}]:{port.host_port}" if ":" in address else f"{address}:{port.host_port}"
    return ""
