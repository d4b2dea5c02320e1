"""Images between an engine and a registry, by the engine: it knows which layers are there and compresses them.

Measured against reading the image out of the engine and sending it ourselves, which has to read all of it: see
docs/registry.md.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import closing

import docker
import requests
from msgspec import Struct, field

from previewer.background import begin
from previewer.docker_api.connection import CALL_TIMEOUT, DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.registry.answer import read_refusal
from previewer.docker_api.registry.connection import find_credentials
from previewer.docker_api.streams import ensure_alive, read_objects, reading
from previewer.docker_api.wire.protocol import ByteStream
from previewer.docker_api.wire.sdk_wire import check_response, stream_body
from previewer.domain.cancellation import Cancellation
from previewer.domain.release.registry_address import RegistryAddress
from previewer.domain.units import platform_object
from previewer.errors import EngineError, RegistryError

PUSH_OF_PLATFORM = (1, 46)
"""The API version from which on a push can name the platform, which an image of several needs."""
UNTOLD = frozenset({"Preparing", "Waiting", "Pulling fs layer", "Verifying Checksum", "Download complete"})
"""Reports of engines for every layer that are not worth showing."""


class Transfer(Struct, frozen=True):
    """One push or pull."""

    path: str
    """The API's path."""
    parameters: Mapping[str, str]
    action: str
    """Continues "could not …"."""
    address: RegistryAddress


class _ErrorDetail(Struct, frozen=True):
    message: str = ""


class TransferMessage(Struct, frozen=True):
    """An object that the engine answers to a push or a pull."""

    id: str = ""
    """The layer that ``status`` is about."""
    status: str = ""
    error: str = ""
    error_detail: _ErrorDetail | None = field(default=None, name="errorDetail")


def push_image(
    connection: DockerConnection,
    address: RegistryAddress,
    platform: str,
    *,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
) -> None:
    """Send the image that the engine calls by ``address``, a tag. Raises :class:`RegistryError`."""
    parameters = {"tag": address.tag or ""}
    if connection.api_version >= PUSH_OF_PLATFORM:
        parameters["platform"] = json.dumps(platform_object(platform))
    transfer = Transfer(f"/images/{address.name}/push", parameters, "push the image", address)
    _run(connection, transfer, on_line, cancellation)


def pull_image(
    connection: DockerConnection,
    address: RegistryAddress,
    platform: str,
    *,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
) -> None:
    """Fetch the image at ``address``, by digest or tag. Raises :class:`RegistryError`."""
    parameters = {"fromImage": address.name, "tag": address.digest or address.tag or "", "platform": platform}
    _run(connection, Transfer("/images/create", parameters, "pull the image", address), on_line, cancellation)


def _run(
    connection: DockerConnection, transfer: Transfer, on_line: Callable[[str], None], cancellation: Cancellation
) -> None:
    subject = str(transfer.address)
    with closing(connection.new_stream_client()) as client:
        try:
            with translate_errors(transfer.action, subject=subject):
                stream = _open(client, transfer, cancellation)
                with reading(connection, stream, transfer.action, cancellation):
                    error = _follow(stream, on_line)
        except EngineError as failure:
            cancellation.check()
            raise RegistryError(failure.message, where=subject, hint=failure.hint) from failure
    cancellation.check()
    if error is None:
        ensure_alive(connection, transfer.action)
    elif error:
        raise _refusal(transfer, error)


def _open(client: docker.APIClient, transfer: Transfer, cancellation: Cancellation) -> ByteStream:
    """The engine's answer once it begins. Raises :class:`CancelledError` when cancelled before."""
    # Engines before 1.42 refuse a push without it, even without a login.
    headers = {"X-Registry-Auth": find_credentials(transfer.address.registry).header}
    url = f"{client.base_url}/v{client.api_version}{transfer.path}"

    def ask() -> requests.Response:
        return client.post(
            url, params=transfer.parameters, headers=headers, stream=True, timeout=(CALL_TIMEOUT, None)
        )

    answer = _unless_cancelled(begin(ask, name="previewer-transfer"), cancellation)
    check_response(answer)
    return stream_body(answer)


def _unless_cancelled(asked: Future[requests.Response], cancellation: Cancellation) -> requests.Response:
    """The answer; one that comes after a cancellation is closed by the thread that it comes to."""
    settled = threading.Event()
    take_back = cancellation.on_request(settled.set)
    asked.add_done_callback(lambda _asked: settled.set())
    settled.wait()
    take_back()
    if not asked.done():
        asked.add_done_callback(lambda late: None if late.exception() else late.result().close())
        cancellation.check()
    return asked.result()


def _follow(stream: ByteStream, on_line: Callable[[str], None]) -> str | None:
    """The error that the stream tells, empty for a good end; ``None`` for a stream that told nothing at all."""
    told: set[tuple[str, str]] = set()
    error: str | None = None
    for event in read_objects(stream, TransferMessage):
        error = error or event.error or (event.error_detail.message if event.error_detail else "")
        key = (event.id, event.status)
        if key not in told and key[1] and key[1] not in UNTOLD:
            told.add(key)
            on_line(" ".join(filter(None, key)))
    return error


def _refusal(transfer: Transfer, error: str) -> RegistryError:
    """The engine's words for what the registry said, after what they mean."""
    refusal = read_refusal(transfer.address.registry, 0, error)
    told = f"{refusal.reason}: {error}" if refusal.reason else error
    return RegistryError(f"could not {transfer.action}: {told}", where=str(transfer.address), hint=refusal.hint)
