"""The connection to an engine: found as the docker command finds it, checked once, shared by many threads."""

from __future__ import annotations

import sys
import threading
from contextlib import closing
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from previewer.docker_api.contexts import Endpoint, find_endpoints
from previewer.docker_api.errors import innermost_reason, translate_errors
from previewer.docker_api.unix_wire import SCHEME, UnixWire
from previewer.docker_api.wire import EngineRequest, RefusedError, Wire
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.errors import EngineError, EngineUnreachableError
from previewer.frozen import dataclass

if TYPE_CHECKING:  # most commands do without
    from previewer.docker_api.sdk import docker

PROBE_TIMEOUT = 10
"""Seconds that an engine may take to say its version."""
CALL_TIMEOUT = 60
"""Seconds without a byte before a call fails. Starting a container on a crowded machine takes a while."""
NEWEST_API = (1, 51)
"""Of the newest engine that the contract suite ran on. A newer engine is spoken to in this version."""
CONTAINERD_STORE = "io.containerd.snapshotter.v1"
CONTAINERD_STORE_SINCE = (1, 43)
OLDEST_API = (1, 41)
"""Docker 20.10's."""
NO_VERSION = (0, 0)


class DockerConnection:
    """One engine, reachable. It may be used from several threads at once."""

    def __init__(
        self,
        endpoint: Endpoint,
        wire: Wire,
        *,
        api_version: tuple[int, int],
        is_podman: bool = False,
        client: docker.APIClient | None = None,
    ) -> None:
        """``client`` is the SDK's that ``wire`` uses, if it uses one."""
        self.endpoint = endpoint
        self.wire = wire
        """What requests go through."""
        self.is_podman = is_podman
        """Whether Podman answers."""
        self.api_version = api_version
        """The version that is spoken, not the newest that the engine knows."""
        self._client = client
        self._lock = threading.Lock()

    @property
    def api(self) -> docker.APIClient:
        """The SDK's client, for what takes long anyway: it is imported and made when somebody asks for it."""
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    @property
    def host(self) -> str:
        """``unix:///var/run/docker.sock``, ``ssh://…``, …"""
        return self.endpoint.host

    @cached_property
    def version(self) -> JsonObject:
        """The engine's answer to ``GET /version``, for which it starts several programs: asked when needed, once.

        Raises :class:`EngineError` where it does not answer.
        """
        with translate_errors("ask for the version", subject=self.host):
            return _ask_version(self.wire)

    @cached_property
    def has_containerd_store(self) -> bool:
        """Whether images are in containerd's store, which calls them by the digest of their manifest.

        Asked of the engine once. Raises what the wire raises.
        """
        if self.api_version < CONTAINERD_STORE_SINCE:
            return False
        request = EngineRequest("GET", f"/v{docker_version(self.api_version)}/info")
        answer = self.wire.exchange(request, patience=CALL_TIMEOUT)
        answer.check()
        status: JsonValue = as_object(answer.json()).get("DriverStatus")
        return any(CONTAINERD_STORE in as_list(pair) for pair in as_list(status))

    @property
    def is_local(self) -> bool:
        """Whether ports that the engine publishes on the loopback address are reachable from here."""
        return is_local_host(self.host)

    def new_stream_client(self) -> docker.APIClient:
        """A client of its own without a read timeout, for a stream that stays open. The caller closes it."""
        client = self._new_client()
        # The SDK passes the timeout on as it is; None means for ever, which the stubs do not know.
        client.timeout = None  # type: ignore[assignment]
        return client

    def close(self) -> None:
        """Close the pooled connections. Closing twice is fine."""
        self.wire.close()
        with self._lock:
            client = self._client
        if client is not None:
            client.close()

    def __enter__(self) -> DockerConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _new_client(self) -> docker.APIClient:
        from previewer.docker_api.sdk_wire import new_client

        return new_client(self.endpoint, docker_version(self.api_version), timeout=CALL_TIMEOUT)


def connect(host: str | None = None) -> DockerConnection:
    """Connect to the engine at ``host``, else to the one that the docker command would use.

    Raises :class:`EngineUnreachableError`, which lists every place that was tried.
    """
    tried = []
    for endpoint in find_endpoints(host=host):
        try:
            return open_endpoint(endpoint)
        except EngineUnreachableError as error:
            tried.append(f"{endpoint.host} ({endpoint.reason}): {error.message}")
    hint = remote_hint(endpoint.host) if not is_local_host(endpoint.host) else start_hint(sys.platform)
    raise EngineUnreachableError("no Docker engine answers", hint=hint, details=tuple(tried))


def open_endpoint(endpoint: Endpoint) -> DockerConnection:
    """Connect to one place. Raises :class:`EngineUnreachableError` or, for an engine that is too old, its base."""
    try:
        if endpoint.host.startswith(SCHEME) and sys.platform != "win32":
            return _open_socket(endpoint)
        return _open_elsewhere(endpoint)
    except RefusedError as error:
        raise EngineUnreachableError(str(error)) from error
    except OSError as error:
        raise EngineUnreachableError(innermost_reason(error)) from error


def choose_api_version(newest: str, oldest: str) -> tuple[int, int]:
    """The API version to speak with an engine that knows ``oldest`` to ``newest``."""
    engine_newest = parse_api_version(newest)
    if engine_newest < OLDEST_API:
        raise EngineError(
            f"the engine speaks API {newest}, previewer needs {docker_version(OLDEST_API)} or newer",
            hint="update the engine to Docker 20.10 or newer",
        )
    return max(min(engine_newest, NEWEST_API), parse_api_version(oldest))


def parse_api_version(text: str) -> tuple[int, int]:
    """``1.41`` as numbers; ``(0, 0)`` for text that is no version."""
    major, _, minor = text.partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else NO_VERSION


def docker_version(version: tuple[int, int]) -> str:
    """An API version as the engine spells it."""
    return f"{version[0]}.{version[1]}"


def is_local_host(host: str) -> bool:
    """Whether an engine's address means this machine (Docker Desktop's virtual one included)."""
    parts = urlsplit(host)
    return parts.scheme in ("unix", "npipe") or parts.hostname in ("localhost", "127.0.0.1", "::1")


def start_hint(platform: str) -> str:
    """How an engine is started on this platform (``sys.platform``)."""
    if platform == "darwin":
        return "start Docker Desktop, OrbStack or `colima start`, or set DOCKER_HOST"
    if platform == "win32":
        return "start Docker Desktop, or set DOCKER_HOST"
    return (
        "start it with `sudo systemctl start docker`; for `Permission denied` join its group: "
        "`sudo usermod -aG docker $USER` and log in again; or set DOCKER_HOST"
    )


def remote_hint(host: str) -> str:
    """How to find out why an engine on another machine does not answer."""
    parts = urlsplit(host)
    if parts.scheme == "ssh":
        machine = f"{parts.username}@{parts.hostname}" if parts.username else parts.hostname
        return f"this has to work: `ssh {machine} docker version`; the machine needs the docker command"
    return "check the address, and for TLS the files in DOCKER_CERT_PATH or the context (`docker context inspect`)"


def _open_socket(endpoint: Endpoint) -> DockerConnection:
    wire = UnixWire(f"/{endpoint.host.removeprefix(SCHEME).lstrip('/')}")
    greeting = _greet(wire)
    return DockerConnection(endpoint, wire, api_version=greeting.api_version, is_podman=greeting.is_podman)


def _open_elsewhere(endpoint: Endpoint) -> DockerConnection:
    """Two clients one after the other: the SDK's cannot change the version that it speaks."""
    from previewer.docker_api.sdk_wire import SdkWire, open_client

    with closing(SdkWire(open_client(endpoint, docker_version(OLDEST_API), timeout=PROBE_TIMEOUT))) as first:
        greeting = _greet(first)
    spoken = greeting.api_version
    client = open_client(endpoint, docker_version(spoken), timeout=CALL_TIMEOUT)
    return DockerConnection(
        endpoint, SdkWire(client), api_version=spoken, is_podman=greeting.is_podman, client=client
    )


@dataclass(frozen=True, slots=True)
class _Greeting:
    """What an engine says of itself."""

    api_version: tuple[int, int]
    """That is to be spoken."""
    is_podman: bool


def _greet(wire: Wire) -> _Greeting:
    answer = wire.exchange(EngineRequest("GET", "/_ping"), patience=PROBE_TIMEOUT)
    answer.check()
    newest, oldest = answer.headers.get("api-version", ""), ""
    if not NO_VERSION < parse_api_version(newest) <= NEWEST_API:
        # Only an engine that is newer than this can have forgotten what is spoken here.
        told = _ask_version(wire)
        newest, oldest = as_text(told.get("ApiVersion")), as_text(told.get("MinAPIVersion"))
    return _Greeting(choose_api_version(newest, oldest), is_podman="libpod-api-version" in answer.headers)


def _ask_version(wire: Wire) -> JsonObject:
    answer = wire.exchange(EngineRequest("GET", "/version"), patience=PROBE_TIMEOUT)
    answer.check()
    try:
        return as_object(answer.json())
    except ValueError as error:
        raise ConnectionError("what answers is not a Docker engine") from error
