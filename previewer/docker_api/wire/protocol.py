"""What travels between previewer and an engine: requests, answers, and their bodies as streams."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from types import GenericAlias
from typing import Any, Protocol, TypeVar, cast

from msgspec import DecodeError, Struct, field
from msgspec.json import Decoder

Kind = TypeVar("Kind", bound=Struct)


class ByteStream:
    """Chunks of bytes until the engine ends the answer, goes away, or it is closed."""

    def __init__(self, chunks: Iterator[bytes], *, wake: Callable[[], None], release: Callable[[], None]) -> None:
        """``wake`` ends a reading that waits, from any thread; ``release`` is called once, after the reads."""
        self._chunks = chunks
        self._wake = wake
        self._release = release
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_read = False

    def __iter__(self) -> Iterator[bytes]:
        """Read what arrives, once. An engine that goes away ends it quietly: no one can tell that from a stop."""
        with self._lock:
            if self._is_closed:
                return
            self._is_read = True
        try:
            with suppress(OSError, ValueError):  # ValueError: what is read was closed meanwhile
                yield from self._chunks
        finally:
            with self._lock:
                self._is_closed = True
            self._release()

    def close(self) -> None:
        """End it; a reader that waits sees the end. Closing twice is fine."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            is_read = self._is_read
        # Releasing it would wait for the reader's lock: the woken reader does that.
        with suppress(OSError, ValueError):
            self._wake()
        if not is_read:
            self._release()


JSON = "application/json"
FIRST_REFUSAL = 400
MOST_IDLE = 64
"""Connections that are kept: 16 workers and as many streams need not open new ones. More are made when needed."""


class RefusedError(Exception):
    """The engine answered that it will not; :func:`~previewer.docker_api.errors.translate_errors` tells users."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text or f"the engine answered with status {status}")
        self.status = status
        """The HTTP status."""
        self.text = text
        """The engine's explanation, on one line."""


class UnreadableAnswerError(Exception):
    """The engine answered with something else than its API says."""

    def __init__(self, asked: str, reason: str) -> None:
        super().__init__(f"the answer to {asked} cannot be read: {reason}")


class EngineRequest(Struct, frozen=True):
    """One request."""

    method: str
    path: str
    """With the version in front, quoted."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers besides the usual ones."""


PING = EngineRequest("GET", "/_ping")
"""What an engine answers at once, whatever it is at, in every version of its API."""


class _Refusal(Struct):
    message: str = ""


VERSION = EngineRequest("GET", "/version")
"""What an engine asks its containerd, too, to answer."""


class RuntimeSilentError(TimeoutError):
    """The engine answers, and what runs its containers does not."""


class EngineAnswer(Struct, frozen=True):
    """One answer, read to its end."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers by lower-case name."""
    asked: str = "the request"
    """``GET /v1.41/info``, for errors."""

    def check(self) -> None:
        """Raise :class:`RefusedError` if that is what it is."""
        if self.status < FIRST_REFUSAL:
            return
        try:
            text = self.read(_Refusal).message
        except UnreadableAnswerError:
            text = self.content.decode("utf-8", "replace")
        raise RefusedError(self.status, " ".join(text.split()))

    def read(self, kind: type[Kind]) -> Kind:
        """The object that it is; an empty one without content. Raises :class:`UnreadableAnswerError`."""
        return cast(Kind, self._decode(kind, b"{}"))

    def read_list(self, kind: type[Kind]) -> list[Kind]:
        """The objects of the list that it is. Raises :class:`UnreadableAnswerError`."""
        return cast("list[Kind] | None", self._decode(GenericAlias(list, (kind,)) | None, b"null")) or []

    def _decode(self, kind: object, empty: bytes) -> object:
        try:
            return _decoder(kind).decode(self.content.strip() or empty)
        except (DecodeError, RecursionError) as error:
            raise UnreadableAnswerError(self.asked, str(error)) from error


@cache
def _decoder(kind: Any) -> Decoder[Any]:
    return Decoder(kind)


class OpenAnswer(Protocol):
    """The body of an answer as it arrives."""

    def __iter__(self) -> Iterator[bytes]:
        """Read what arrives, once. An engine that goes away ends it quietly."""
        ...

    def close(self) -> None:
        """End it, from any thread; a reader that waits sees the end. Closing twice is fine."""
        ...


class Wire(Protocol):
    """Carries requests, those of several threads at once.

    All its methods raise :class:`ConnectionError` and :class:`TimeoutError`, with the system's words.
    """

    def exchange(self, request: EngineRequest, *, patience: float) -> EngineAnswer:
        """Ask, and read the answer, whatever it says; the engine may be silent for ``patience`` seconds."""
        ...

    def open(self, request: EngineRequest, *, patience: float) -> OpenAnswer:
        """Ask for an answer that arrives bit by bit; between two bits there is no time limit.

        Raises :class:`RefusedError`.
        """
        ...

    def close(self) -> None:
        """Close what is kept open. Closing twice is fine."""
        ...
