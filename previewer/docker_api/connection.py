"""The connection to an engine: found as the docker command finds it, in a version of its API that both speak."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from contextlib import closing
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from previewer.docker_api.answers import Info, Version
from previewer.docker_api.engine_clock import EngineClock
from previewer.docker_api.errors import innermost_reason, translate_errors
from previewer.docker_api.wire.contexts import Endpoint, find_endpoints
from previewer.docker_api.wire.protocol import PING, EngineRequest, RefusedError, UnreadableAnswerError, Wire
from previewer.docker_api.wire.socket_wire import Dial, SocketWire, dial_unix
from previewer.errors import EngineError, EngineUnreachableError, UnsupportedError

if TYPE_CHECKING:
    import docker

    from previewer.docker_api.wire.ssh import Forwarding


NEWEST_API = (1, 51)
"""Of the newest engine that the contract suite ran on. A newer engine is spoken to in this version."""
OLDEST_API = (1, 41)
"""The API version of Docker 20.10."""
NO_VERSION = (0, 0)


def choose_api_version(newest: str, oldest: str) -> tuple[int, int]:
    """The version to speak with an engine that knows ``oldest`` to ``newest``, both as text.

    Raises :class:`EngineError` for an engine that is too old.
    """
    engine_newest = parse_api_version(newest)
    if engine_newest < OLDEST_API:
        raise EngineError(
            f"the engine speaks API {newest}, previewer needs {version_text(OLDEST_API)} or newer",
            hint="update the engine to Docker 20.10 or newer",
        )
    return max(min(engine_newest, NEWEST_API), parse_api_version(oldest))


def parse_api_version(text: str) -> tuple[int, int]:
    """``1.41`` as numbers; ``(0, 0)`` for text that is no version."""
    major, _, minor = text.partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else NO_VERSION


def version_text(version: tuple[int, int]) -> str:
    """An API version as the engine spells it."""
    return f"{version[0]}.{version[1]}"


PROBE_TIMEOUT = 10
"""Seconds that an engine may take to say its version."""
CALL_TIMEOUT = 60
"""Seconds without a byte before a call fails. Starting a container on a crowded machine takes a while."""
CONTAINERD_STORE = "io.containerd.snapshotter.v1"
"""The kind of storage driver that such engines say they have."""
CONTAINERD_STORE_SINCE = (1, 43)
"""The API version of Docker 24."""


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
        self.reached_as = ""
        """The host name that published ports are reached at from here, where the user says it."""
        self.api_version = api_version
        """The version that is spoken, not the newest that the engine knows."""
        self.clock = EngineClock(wire, EngineRequest("GET", f"/v{version_text(api_version)}/info"))
        """The engine's clock beside ours."""
        self._client = client
        self._lock = threading.Lock()

    @property
    def api(self) -> docker.APIClient:
        """The SDK's client, for what takes long anyway: it is imported and made on first use."""
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    @property
    def host(self) -> str:
        """``unix:///var/run/docker.sock``, ``ssh://…``, …"""
        return self.endpoint.host

    @cached_property
    def version(self) -> Version:
        """The engine's answer to ``GET /version``, for which it starts several programs: asked when needed, once.

        Raises :class:`EngineError` where it does not answer.
        """
        with translate_errors("ask for the version", subject=self.host):
            return _ask_version(self.wire)

    @cached_property
    def info(self) -> Info:
        """The engine's answer to ``GET /info``, for which it starts programs too: asked when needed, once.

        Raises :class:`EngineError` where it does not answer.
        """
        request = EngineRequest("GET", f"/v{version_text(self.api_version)}/info")
        with translate_errors("ask the engine about itself", subject=self.host):
            answer = self.wire.exchange(request, patience=CALL_TIMEOUT)
            answer.check()
            return answer.read(Info)

    @cached_property
    def has_containerd_store(self) -> bool:
        """Whether images are in containerd's store, which calls them by the digest of their manifest.

        Asked of the engine once. Raises :class:`EngineError` where it does not answer.
        """
        if self.api_version < CONTAINERD_STORE_SINCE:
            return False
        return any(CONTAINERD_STORE in pair for pair in self.info.driver_status or ())

    @property
    def platform(self) -> str:
        """The engine's own, ``linux/amd64``. Raises :class:`EngineError` where it does not answer."""
        return f"{self.version.os}/{self.version.arch}"

    @property
    def is_local(self) -> bool:
        """Whether ports that the engine publishes on the loopback address are reachable from here."""
        return self.endpoint.is_local

    @property
    def reached_machine(self) -> str:
        """The name of the machine at which ports that are published for every address are reached.

        It is empty where they are reached at this machine's addresses: those of an engine behind ssh by a tunnel.
        """
        parts = urlsplit(self.host)
        return "" if self.is_local or parts.scheme == "ssh" else parts.hostname or ""

    def new_stream_client(self) -> docker.APIClient:
        """A client of its own without a read timeout, for a stream that stays open. The caller closes it."""
        client = self._new_client()
        # The SDK passes the timeout on as it is; None means for ever, which the stubs do not know.
        client.timeout = None  # type: ignore[assignment]
        return client

    def forward(self, places: Iterable[tuple[str, int]]) -> Forwarding:
        """Ports of this machine that lead to hosts and ports as the engine's machine reaches them.

        Raises :class:`UnsupportedError` for an engine that is not reached by ssh, and :class:`EngineError`.
        """
        from previewer.docker_api.wire.ssh import SshMachine

        if not self.host.startswith("ssh://"):
            raise UnsupportedError("only an engine behind ssh:// has a tunnel", where=self.host)
        try:
            return SshMachine(self.host).forward(places)
        except ConnectionError as error:
            raise EngineError(f"there is no tunnel: {error}", where=self.host) from error

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
        from previewer.docker_api.wire.sdk_wire import new_client

        return new_client(self.endpoint, version_text(self.api_version), timeout=CALL_TIMEOUT)


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
    hint = start_hint(sys.platform) if endpoint.is_local else remote_hint(endpoint.host)
    raise EngineUnreachableError("no Docker engine answers", hint=hint, details=tuple(tried))


def open_endpoint(endpoint: Endpoint) -> DockerConnection:
    """Connect to one place. Raises :class:`EngineUnreachableError` or, for an engine that is too old, its base."""
    try:
        dial = _dial(endpoint)
        return _open_tcp(endpoint) if dial is None else _open_socket(endpoint, dial)
    except RefusedError as error:
        raise EngineUnreachableError(str(error)) from error
    except OSError as error:
        raise EngineUnreachableError(innermost_reason(error)) from error


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


def _dial(endpoint: Endpoint) -> Dial | None:
    """How sockets to the engine are opened; ``None`` for ``tcp://``. Raises :class:`ConnectionError`."""
    scheme, _, path = endpoint.host.partition("://")
    if scheme == "unix":
        return dial_unix(f"/{path.lstrip('/')}")
    if scheme == "ssh":
        from previewer.docker_api.wire.ssh import SshMachine

        machine = SshMachine(endpoint.host)
        machine.log_in()
        return machine.dial
    return None


def _open_socket(endpoint: Endpoint, dial: Dial) -> DockerConnection:
    wire = SocketWire(dial)
    greeting = _greet(wire)
    return DockerConnection(endpoint, wire, api_version=greeting.api_version, is_podman=greeting.is_podman)


def _open_tcp(endpoint: Endpoint) -> DockerConnection:
    """Two clients one after the other: the SDK's cannot change the version that it speaks."""
    from previewer.docker_api.wire.sdk_wire import SdkWire, open_client

    with closing(SdkWire(open_client(endpoint, version_text(OLDEST_API), timeout=PROBE_TIMEOUT))) as first:
        greeting = _greet(first)
    spoken = greeting.api_version
    client = open_client(endpoint, version_text(spoken), timeout=CALL_TIMEOUT)
    return DockerConnection(
        endpoint, SdkWire(client), api_version=spoken, is_podman=greeting.is_podman, client=client
    )


class _Greeting(Struct, frozen=True):
    """What an engine says of itself."""

    api_version: tuple[int, int]
    """The version of the API to use."""
    is_podman: bool


def _greet(wire: Wire) -> _Greeting:
    answer = wire.exchange(PING, patience=PROBE_TIMEOUT)
    answer.check()
    newest, oldest = answer.headers.get("api-version", ""), ""
    if not NO_VERSION < parse_api_version(newest) <= NEWEST_API:
        # Only an engine that is newer than this can have forgotten what is spoken here.
        told = _ask_version(wire)
        newest, oldest = told.api_version, told.min_api_version
    return _Greeting(choose_api_version(newest, oldest), is_podman="libpod-api-version" in answer.headers)


def _ask_version(wire: Wire) -> Version:
    answer = wire.exchange(EngineRequest("GET", "/version"), patience=PROBE_TIMEOUT)
    answer.check()
    try:
        return answer.read(Version)
    except UnreadableAnswerError as error:
        raise ConnectionError("what answers is not a Docker engine") from error
