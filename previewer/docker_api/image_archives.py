"""Images as archives: ``GET /images/NAME/get`` and ``POST /images/load``, streamed both ways."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.failures import refusal_error
from previewer.docker_api.liveness import ensure_alive, reading
from previewer.docker_api.read_lines import read_objects
from previewer.docker_api.request import open_answer
from previewer.docker_api.wire.sdk_stream import stream_body
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import as_text


class ImageArchives:
    """Reads images out of an engine and puts them in."""

    def __init__(self, connection: DockerConnection) -> None:
        self._connection = connection

    def save(self, image: str, *, cancellation: Cancellation) -> Generator[bytes, None, None]:
        """The archive of an image, in pieces; close the iterator to end it early.

        Raises :class:`EngineError`. An engine that goes away ends it short: its reader misses the manifest.
        """
        with translate_errors("read the image", subject=image):
            stream = stream_body(open_answer(self._connection, f"/images/{image}/get", {}))
        with reading(self._connection, stream, "read the image", cancellation):
            yield from stream
        cancellation.check()

    def load(self, archive: Iterator[bytes], *, subject: str, cancellation: Cancellation) -> None:
        """Put an archive's images into the engine. Raises :class:`EngineError` with the engine's words."""
        action = "load the image"
        with closing(self._connection.new_stream_client()) as client, translate_errors(action, subject=subject):
            answer = client.post(
                f"{client.base_url}/v{client.api_version}/images/load",
                data=_checked(archive, cancellation),
                params={"quiet": "1"},
                headers={"Content-Type": "application/x-tar"},
                stream=True,
                timeout=None,
            )
            stream = stream_body(answer)
            with reading(self._connection, stream, action, cancellation):
                told = b"".join(stream)
        cancellation.check()
        if (refused := _refusal(told)) or not answer.ok:
            raise refusal_error(action, subject, answer.status_code, refused)
        if not told.strip():
            ensure_alive(self._connection, action)


def _checked(pieces: Iterator[bytes], cancellation: Cancellation) -> Iterator[bytes]:
    for piece in pieces:
        cancellation.check()
        if piece:  # an empty chunk would end the body
            yield piece


def _refusal(told: bytes) -> str:
    """What went wrong, of the lines that a load answers, or of an error's body."""
    for message in read_objects([told]):
        if text := as_text(message.get("error")) or as_text(message.get("message")):
            return text
    return ""
