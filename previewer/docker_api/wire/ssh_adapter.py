"""The docker SDK's requests to an ``ssh://`` engine, through :mod:`~previewer.docker_api.wire.ssh`.

The SDK's own adapter needs paramiko or starts an ssh command, and so a login, for each request.
"""

from __future__ import annotations

from collections.abc import Callable

import requests.adapters
from docker.constants import DEFAULT_MAX_POOL_SIZE
from docker.transport.basehttpadapter import BaseHTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from previewer.docker_api.wire.socket_wire import Dial


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
