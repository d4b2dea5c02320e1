"""The connection to an engine: found as the docker command finds it, checked once, shared by many threads."""

from __future__ import annotations

import sys
from functools import cached_property
from types import TracebackType
from urllib.parse import urlsplit

import docker
import docker.errors
import docker.tls
import requests.exceptions
from requests.utils import get_environ_proxies

from previewer.docker_api.contexts import Endpoint, TlsFiles, find_endpoints
from previewer.docker_api.errors import error_text, innermost_reason
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_text
from previewer.errors import EngineError, EngineUnreachableError

POOL_SIZE = 64
"""Connections that are kept: 16 workers and as many streams need not open new ones. More are made when needed."""
PROBE_TIMEOUT = 10
"""Seconds that an engine may take to say its version."""
CALL_TIMEOUT = 60
"""Seconds without a byte before a call fails. Starting a container on a crowded machine takes a while."""
LIKE_LOCAL = "http+docker://localunixsocket"
"""The SDK's own base address for sockets of this machine."""
NEWEST_API = (1, 51)
"""Of the newest engine that the contract suite ran on. A newer engine is spoken to in this version."""
CONTAINERD_STORE = "io.containerd.snapshotter.v1"
CONTAINERD_STORE_SINCE = (1, 43)
OLDEST_API = (1, 41)
"""Docker 20.10's."""


class DockerConnection:
    """One engine, reachable. Its client may be used from several threads at once."""

    def __init__(self, endpoint: Endpoint, api: docker.APIClient, version: JsonObject) -> None:
        self.endpoint = endpoint
        self.api = api
        self.version = version
        """The engine's answer to ``GET /version``."""
        self.api_version = parse_api_version(api.api_version)
        """The version that is spoken, not the newest that the engine knows."""

    @property
    def host(self) -> str:
        """``unix:///var/run/docker.sock``, ``ssh://…``, …"""
        return self.endpoint.host

    @cached_property
    def has_containerd_store(self) -> bool:
        """Whether images are in containerd's store, which calls them by the digest of their manifest.

        Asked of the engine once. Raises what the SDK raises.
        """
        if self.api_version < CONTAINERD_STORE_SINCE:
            return False
        status: JsonValue = self.api.info().get("DriverStatus")
        return any(CONTAINERD_STORE in as_list(pair) for pair in as_list(status))

    @property
    def is_local(self) -> bool:
        """Whether ports that the engine publishes on the loopback address are reachable from here."""
        return is_local_host(self.host)

    def new_stream_client(self) -> docker.APIClient:
        """A client of its own without a read timeout, for a stream that stays open. The caller closes it."""
        client = _new_client(self.endpoint, self.api.api_version)
        # The SDK passes the timeout on as it is; None means for ever, which the stubs do not know.
        client.timeout = None  # type: ignore[assignment]
        return client

    def close(self) -> None:
        """Close the pooled connections. Closing twice is fine."""
        self.api.close()

    def __enter__(self) -> DockerConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


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
    client = None
    try:
        client = _new_client(endpoint, docker_version(OLDEST_API))
        client.timeout = PROBE_TIMEOUT
        answer: JsonObject = client.version(api_version=False)
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        if client is not None:
            client.close()
        said = error_text(error) if isinstance(error, docker.errors.APIError) else innermost_reason(error)
        raise EngineUnreachableError(said) from error
    chosen = choose_api_version(as_text(answer.get("ApiVersion")), as_text(answer.get("MinAPIVersion")))
    client.close()
    client = _new_client(endpoint, docker_version(chosen))
    return DockerConnection(endpoint, client, answer)


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
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)


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


def _new_client(endpoint: Endpoint, version: str) -> docker.APIClient:
    client = docker.APIClient(
        base_url=endpoint.host,
        version=version,
        timeout=CALL_TIMEOUT,
        tls=_tls_config(endpoint.tls),
        max_pool_size=POOL_SIZE,
        # The user's own ssh knows the user's keys, jump hosts and ~/.ssh/config.
        use_ssh_client=True,
    )
    if endpoint.host.startswith("ssh://") and sys.platform != "win32":
        # Ours has real sockets, as those of this machine are; the SDK expects pipes behind its address for ssh.
        client.mount(LIKE_LOCAL, client.get_adapter(client.base_url))
        client.base_url = LIKE_LOCAL
    # Asking the environment costs every call a look at it, and its certificates would win over the endpoint's.
    client.trust_env = False
    if endpoint.host.startswith(("tcp://", "http://", "https://")) and not is_local_host(endpoint.host):
        client.proxies = get_environ_proxies(client.base_url)
    return client


def _tls_config(files: TlsFiles | None) -> docker.tls.TLSConfig | bool:
    if files is None:
        return False
    certificate = (str(files.certificate), str(files.key)) if files.certificate and files.key else None
    authority = str(files.authority) if files.authority else None
    return docker.tls.TLSConfig(client_cert=certificate, ca_cert=authority, verify=files.verify)
