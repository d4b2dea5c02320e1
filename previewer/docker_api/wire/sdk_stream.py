"""An answer that the docker SDK's HTTP library has opened, its body not yet read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from previewer.docker_api.wire.byte_stream import ByteStream
from previewer.docker_api.wire.protocol import EngineAnswer

if TYPE_CHECKING:  # whoever has a response has imported it
    import requests

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
    import urllib3.exceptions

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
