"""The wire to an engine on another machine (``tcp://``, TLS, ``ssh://``) or behind a named pipe, by the
docker SDK.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import docker
import requests
import requests.adapters
import requests.exceptions
import urllib3.exceptions
from docker.constants import DEFAULT_MAX_POOL_SIZE
from docker.transport.basehttpadapter import BaseHTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from previewer.docker_api.wire.contexts import Endpoint, TlsFiles
from previewer.docker_api.wire.protocol import MOST_IDLE, ByteStream, EngineAnswer, EngineRequest, OpenAnswer
from previewer.docker_api.wire.socket_wire import Dial
from previewer.docker_api.wire.ssh import SshMachine

# The docker SDK's requests to an ``ssh://`` engine, through :mod:`~previewer.docker_api.wire.ssh`.
#
# The SDK's own adapter needs paramiko or starts an ssh command, and so a login, for each request.


class SshAdapter(BaseHTTPAdapter):
    """One pool of connections to one machine."""

    def __init__(self, dial: Dial, *, timeout: float, max_pool_size: int = DEFAULT_MAX_POOL_SIZE) -> None:
        self._pool = _Pool(dial, timeout=timeout, size=max_pool_size)
        super().__init__()

    def get_connection(self, url: str | bytes, proxies: object = None) -> HTTPConnectionPool:
        """The pool, whatever the URL."""
        del url, proxies
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: object) -> str:
        """The path alone: there is no host in it that a proxy could be asked for."""
        del proxies
        return request.path_url

    def close(self) -> None:
        """Close the pooled connections."""
        self._pool.close()
        super().close()


class _Connection(HTTPConnection):
    def __init__(self, dial: Dial, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._dial = dial
        self._limit = timeout
        self._end: Callable[[], None] | None = None

    def connect(self) -> None:
        self.sock, self._end = self._dial(self._limit)
        self.sock.settimeout(self.timeout if isinstance(self.timeout, int | float) else None)

    def close(self) -> None:
        super().close()
        end, self._end = self._end, None
        if end is not None:
            end()


class _Pool(HTTPConnectionPool):
    def __init__(self, dial: Dial, *, timeout: float, size: int) -> None:
        super().__init__("localhost", timeout=timeout, maxsize=size)
        self._dial = dial
        self._limit = timeout

    def _new_conn(self) -> _Connection:
        return _Connection(self._dial, self._limit)


CHUNK_SIZE = 65_536


def check_response(response: requests.Response) -> None:
    """Raise :class:`RefusedError` if that is what it is; it is then read and closed."""
    if not response.ok:
        with response:
            EngineAnswer(response.status_code, response.content).check()


def stream_body(response: requests.Response) -> ByteStream:
    """What ``response`` brings from here on, as it was sent; closing it closes the response."""
    return ByteStream(_chunks(response), wake=partial(_shut_down, response), release=response.close)


def lift_time_limit(response: requests.Response) -> None:
    """Wait for ever from now on, whatever limit the request was made with."""
    connected = _socket_of(response)
    if connected is not None:
        connected.settimeout(None)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    # A socket that is shut down or closed under a reader fails in as many ways as there are transports.
    with suppress(urllib3.exceptions.HTTPError, AttributeError):
        yield from response.raw.stream(CHUNK_SIZE, decode_content=False)


def _shut_down(response: requests.Response) -> None:
    connected = _socket_of(response)
    if connected is not None:
        connected.shutdown(socket.SHUT_RDWR)


def _socket_of(response: requests.Response) -> socket.socket | None:
    """The socket that an answer comes through; ``None`` once it is read to its end."""
    connected = getattr(getattr(_body(response), "raw", None), "_sock", None)
    return connected if isinstance(connected, socket.socket) else None


def _body(response: requests.Response) -> Any:
    return getattr(getattr(response.raw, "_fp", None), "fp", None)


SSH_SCHEME = "ssh://"
LIKE_LOCAL = "http+docker://localunixsocket"
"""The SDK's own base address for sockets of this machine."""


class SdkWire:
    """Requests through a client."""

    def __init__(self, client: docker.APIClient) -> None:
        self._client = client

    def exchange(self, request: EngineRequest, *, patience: float) -> EngineAnswer:
        """Ask, and read the answer."""
        response = self._send(request, patience, stays_open=False)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return EngineAnswer(response.status_code, response.content, headers, f"{request.method} {request.path}")

    def open(self, request: EngineRequest, *, patience: float) -> OpenAnswer:
        """Ask for an answer that arrives bit by bit."""
        response = self._send(request, patience, stays_open=True)
        check_response(response)
        return stream_body(response)

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def _send(self, request: EngineRequest, patience: float, *, stays_open: bool) -> requests.Response:
        try:
            return self._client.request(
                request.method,
                f"{self._client.base_url}{request.path}",
                params=request.parameters,
                data=request.body,
                headers={
                    **request.headers,
                    **({} if request.body is None else {"Content-Type": request.content_type}),
                },
                stream=stays_open,
                timeout=(patience, None) if stays_open else patience,
            )
        except requests.exceptions.Timeout as error:
            raise TimeoutError(str(error)) from error
        except requests.exceptions.RequestException as error:
            raise ConnectionError(str(error)) from error


def open_client(endpoint: Endpoint, version: str, *, timeout: int) -> docker.APIClient:
    """As :func:`new_client`, with :class:`ConnectionError` where a file for TLS cannot be used."""
    try:
        return new_client(endpoint, version, timeout=timeout)
    except docker.errors.DockerException as error:
        raise ConnectionError(str(error)) from error


def new_client(endpoint: Endpoint, version: str, *, timeout: int) -> docker.APIClient:
    """A client for an engine, in an API version; ``timeout`` is how many seconds it may be silent.

    Raises the SDK's own errors, such as for a file for TLS that cannot be used.
    """
    is_ssh = endpoint.host.startswith(SSH_SCHEME)
    client = docker.APIClient(
        base_url="http://ssh:22" if is_ssh else endpoint.host,
        version=version,
        timeout=timeout,
        tls=_tls_config(endpoint.tls),
        max_pool_size=MOST_IDLE,
    )
    if is_ssh:
        adapter = SshAdapter(SshMachine(endpoint.host).dial, timeout=timeout, max_pool_size=MOST_IDLE)
        client.mount(LIKE_LOCAL, adapter)
        client.base_url = LIKE_LOCAL
    # Asking the environment costs every call a look at it, and its certificates would win over the endpoint's.
    client.trust_env = False
    if endpoint.host.startswith(("tcp://", "http://", "https://")) and not endpoint.is_local:
        client.proxies = get_environ_proxies(client.base_url)
    return client


def _tls_config(files: TlsFiles | None) -> docker.tls.TLSConfig | bool:
    if files is None:
        return False
    certificate = (str(files.certificate), str(files.key)) if files.certificate and files.key else None
    authority = str(files.authority) if files.authority else None
    return docker.tls.TLSConfig(client_cert=certificate, ca_cert=authority, verify=files.verify)
