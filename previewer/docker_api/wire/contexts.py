"""Where an engine may be: the same places, in the same order, as the docker command looks at.

``DOCKER_HOST`` wins; then the context that ``DOCKER_CONTEXT`` or ``~/.docker/config.json`` names; then, as the
docker command does not, the sockets that Docker Desktop, Colima, OrbStack, Rancher Desktop and Podman have.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import DecodeError, Struct, field, json

from previewer.errors import EngineUnreachableError

DEFAULT_CONTEXT = "default"
SYSTEM_SOCKETS = ("/var/run/docker.sock",)
RUNTIME_SOCKETS = ("docker.sock",)
"""Below ``$XDG_RUNTIME_DIR``: rootless Docker."""
HOME_SOCKETS = (
    ".docker/run/docker.sock",
    ".docker/desktop/docker.sock",
    ".colima/default/docker.sock",
    ".config/colima/default/docker.sock",
    ".orbstack/run/docker.sock",
    ".rd/docker.sock",
)
PODMAN_RUNTIME_SOCKETS = ("podman/podman.sock",)
PODMAN_SYSTEM_SOCKETS = ("/run/podman/podman.sock",)
PODMAN_HOME_SOCKETS = (".local/share/containers/podman/machine/podman.sock",)


class TlsFiles(Struct, frozen=True):
    """What a TLS connection is made with. Absent files are ``None``."""

    authority: Path | None
    certificate: Path | None
    key: Path | None
    verify: bool = True


class Endpoint(Struct, frozen=True):
    """One place where an engine may answer."""

    host: str
    """``unix:///var/run/docker.sock``, ``tcp://…``, ``ssh://…``, ``npipe://…``."""
    reason: str
    """Why it is tried: ``DOCKER_HOST``, ``context colima``, ``usual place``."""
    tls: TlsFiles | None = None

    @property
    def is_local(self) -> bool:
        """Whether it means this machine (Docker Desktop's virtual one included)."""
        parts = urlsplit(self.host)
        return parts.scheme in ("unix", "npipe") or parts.hostname in ("localhost", "127.0.0.1", "::1")


Kind = TypeVar("Kind", bound=Struct)


class _Settings(Struct, frozen=True, rename="camel"):
    """``config.json`` of the docker command."""

    current_context: str = ""


class _DockerEndpoint(Struct, frozen=True):
    host: str = field(default="", name="Host")
    skip_tls_verify: bool = field(default=False, name="SkipTLSVerify")


class _Endpoints(Struct, frozen=True):
    docker: _DockerEndpoint = _DockerEndpoint()


class _Context(Struct, frozen=True):
    """``meta.json`` of a stored context."""

    endpoints: _Endpoints = field(default=_Endpoints(), name="Endpoints")


def find_endpoints(
    *, host: str | None = None, environ: Mapping[str, str] | None = None, home: Path | None = None
) -> tuple[Endpoint, ...]:
    """The places to try, best first.

    A place that the user named is the only one: a request for one engine must never reach another.
    Raises :class:`EngineUnreachableError` for a context that does not exist.
    """
    environ = os.environ if environ is None else environ
    home = _home() if home is None else home
    if host:
        return (Endpoint(host, "asked for", tls_from_environment(environ, host, home)),)
    if named := environ.get("DOCKER_HOST"):
        return (Endpoint(named, "DOCKER_HOST", tls_from_environment(environ, named, home)),)
    folder = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    context = environ.get("DOCKER_CONTEXT") or current_context(folder)
    if context != DEFAULT_CONTEXT:
        return (read_context(folder, context),)
    return usual_endpoints(environ, home)


def _home() -> Path:
    """The user's; for one without any (a container's number without a name) a place where nothing is."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


def current_context(folder: Path) -> str:
    """The context that the docker command's settings in ``folder`` name."""
    return _read_json(folder / "config.json", _Settings).current_context or DEFAULT_CONTEXT


def read_context(folder: Path, name: str) -> Endpoint:
    """The endpoint of a stored context, with its TLS files.

    A context is stored under the SHA-256 of its name (``docker context inspect`` shows the paths).
    """
    digest = hashlib.sha256(name.encode()).hexdigest()
    found = _read_json(folder / "contexts" / "meta" / digest / "meta.json", _Context).endpoints.docker
    if not found.host:
        raise EngineUnreachableError(
            f"there is no docker context called {name!r}",
            hint="`docker context ls` lists them, `docker context use` picks one",
        )
    tls_folder = folder / "contexts" / "tls" / digest / "docker"
    tls = None
    if tls_folder.is_dir():
        tls = _tls_files(tls_folder, verify=not found.skip_tls_verify)
    return Endpoint(found.host, f"context {name}", tls)


def tls_from_environment(environ: Mapping[str, str], host: str, home: Path) -> TlsFiles | None:
    """TLS as ``DOCKER_TLS_VERIFY`` and ``DOCKER_CERT_PATH`` ask for it; only ``tcp`` and ``https`` know it."""
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not host.startswith(("tcp://", "https://")) or not (verify or environ.get("DOCKER_TLS")):
        return None
    return _tls_files(Path(environ.get("DOCKER_CERT_PATH") or home / ".docker"), verify=verify)


def usual_endpoints(environ: Mapping[str, str], home: Path) -> tuple[Endpoint, ...]:
    """The usual sockets, Docker's before Podman's, whether they exist or not."""
    if sys.platform == "win32":
        return (Endpoint("npipe:////./pipe/docker_engine", "usual place"),)
    runtime = environ.get("XDG_RUNTIME_DIR")
    paths: list[Path] = [Path(path) for path in SYSTEM_SOCKETS]
    paths += [Path(runtime) / path for path in RUNTIME_SOCKETS] if runtime else []
    paths += [home / path for path in HOME_SOCKETS]
    paths += [Path(runtime) / path for path in PODMAN_RUNTIME_SOCKETS] if runtime else []
    paths += [Path(path) for path in PODMAN_SYSTEM_SOCKETS]
    paths += [home / path for path in PODMAN_HOME_SOCKETS]
    return tuple(Endpoint(f"unix://{path}", "usual place") for path in paths)


def _tls_files(folder: Path, *, verify: bool) -> TlsFiles:
    def existing(name: str) -> Path | None:
        return folder / name if (folder / name).is_file() else None

    return TlsFiles(existing("ca.pem"), existing("cert.pem"), existing("key.pem"), verify)


def _read_json(path: Path, kind: type[Kind]) -> Kind:
    try:
        return json.decode(path.read_bytes(), type=kind)
    except (OSError, DecodeError):
        return kind()
