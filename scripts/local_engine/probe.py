"""Whether an engine answers at an address: ``GET /_ping``, as in the Docker Engine API."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

PATIENCE = 2.0
"""Seconds that an engine may take to answer."""


def answers(host: str) -> bool:
    """Whether an engine answers at ``host``, an address as in ``DOCKER_HOST``.

    An ``ssh://`` address is taken at its word: only a real connection with the user's keys could tell.
    """
    address = urlsplit(host)
    if address.scheme == "ssh":
        return True
    try:
        if address.scheme == "unix":
            return _ping(_connect_unix(address.path), b" 200 ")
        if address.scheme in ("tcp", "http", "https"):
            where = (address.hostname or "127.0.0.1", address.port or 2375)
            # A TLS port answers plain HTTP with 400: that is an engine too, and the SDK has the keys to it.
            return _ping(socket.create_connection(where, PATIENCE), b"HTTP/1.")
    except (OSError, ValueError):
        return False
    return False


def _connect_unix(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _ping(connection: socket.socket, expected: bytes) -> bool:
    with connection:
        connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
        return expected in connection.recv(64)
