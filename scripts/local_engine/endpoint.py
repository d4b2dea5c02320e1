"""Where an engine may answer, in the order in which Docker's own command line would look, and then beyond it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_HOST = "unix:///var/run/docker.sock"

HOME_SOCKETS = (
    ".docker/run/docker.sock",
    ".docker/desktop/docker.sock",
    ".colima/default/docker.sock",
    ".orbstack/run/docker.sock",
    ".rd/docker.sock",
)
"""Below the home folder: Docker Desktop (macOS, Linux), colima, OrbStack, Rancher Desktop."""


@dataclass(frozen=True)
class Endpoint:
    """An address at which an engine may answer."""

    host: str
    """As in ``DOCKER_HOST``: ``unix:///…``, ``tcp://…``, ``ssh://…``."""
    origin: str
    """What names it, for people: ``DOCKER_HOST``, ``the context colima``, ``a usual socket``."""
    chosen: bool = False
    """The user named it in the environment, so nothing else is used in its place."""


def list_endpoints(environment: Mapping[str, str], home: Path) -> tuple[Endpoint, ...]:
    """The endpoints to try, the first that answers wins; a single one where the environment names it."""
    if host := environment.get("DOCKER_HOST"):
        return (Endpoint(host, "DOCKER_HOST", chosen=True),)
    config = Path(environment.get("DOCKER_CONFIG") or home / ".docker")
    if (name := environment.get("DOCKER_CONTEXT")) and name != "default":
        host = context_host(config, name) or ""
        return (Endpoint(host, f"the context {name} of DOCKER_CONTEXT", chosen=True),)
    found: dict[str, Endpoint] = {}
    for endpoint in _usual(environment, home, config):
        found.setdefault(endpoint.host, endpoint)
    return tuple(found.values())


def context_host(config: Path, name: str) -> str | None:
    """The address that the Docker context ``name`` leads to; ``None`` where there is no such context.

    Contexts are kept in a folder named by the SHA-256 of their name (docker/cli, ``cli/context/store``).
    """
    folder = config / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    found = _read_json(folder / "meta.json")
    for key in ("Endpoints", "docker", "Host"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def _usual(environment: Mapping[str, str], home: Path, config: Path) -> Iterator[Endpoint]:
    settings = _read_json(config / "config.json")
    name = settings.get("currentContext") if isinstance(settings, dict) else None
    if isinstance(name, str) and name != "default" and (host := context_host(config, name)):
        yield Endpoint(host, f"the context {name}")
    yield Endpoint(DEFAULT_HOST, "the usual socket")
    runtime = environment.get("XDG_RUNTIME_DIR")
    if runtime:
        yield Endpoint(f"unix://{runtime}/docker.sock", "a rootless engine")
    for socket in HOME_SOCKETS:
        yield Endpoint(f"unix://{home / socket}", "a usual socket")
    if runtime:
        yield Endpoint(f"unix://{runtime}/podman/podman.sock", "rootless Podman")
    yield Endpoint("unix:///run/podman/podman.sock", "Podman")


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
