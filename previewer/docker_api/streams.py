"""Answers that arrive bit by bit: their lines, several of them as one, and whether the engine still answers."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Generic, Protocol, TypeVar

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.wire.protocol import PING, OpenAnswer
from previewer.domain.cancellation import Cancellation
from previewer.errors import EngineUnreachableError

Item = TypeVar("Item")
Produced = TypeVar("Produced", covariant=True)

FLUSH_SECONDS = 0.05
"""The longest that an item waits for others to fill its batch; a lone item does not wait."""
BATCH_SIZE = 500
QUEUE_SIZE = 256
"""Pieces that are read ahead; a source whose reader is slow waits."""
_PUT_SECONDS = 0.2


class ItemSource(Protocol[Produced]):
    """Pieces of items from somewhere that blocks."""

    def __iter__(self) -> Iterator[Sequence[Produced]]:
        """Iterate over the pieces."""
        ...

    def close(self) -> None:
        """End it, from any thread."""
        ...


class GatheredStream(Generic[Item]):
    """Items of all sources in the order of their arrival. It ends when every source has ended, or when closed."""

    def __init__(
        self, sources: Sequence[ItemSource[Item]], *, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources = sources
        self._name = name
        self._clock = clock
        self._pieces: queue.Queue[Sequence[Item] | None] = queue.Queue(QUEUE_SIZE)
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Sequence[Item]]:
        """Iterate over batches of at most 500 items. To be iterated once."""
        for source in self._sources:
            thread = threading.Thread(target=self._read, args=(source,), name=self._name, daemon=True)
            thread.start()
        try:
            yield from self._batches(len(self._sources))
        finally:
            self.close()

    def close(self) -> None:
        """End it; a reader that waits sees the end. Closing twice is fine."""
        self._closed.set()
        for source in self._sources:
            source.close()
        # Wakes a waiting reader; one whose queue is full does not wait.
        _offer(self._pieces, None)

    def _batches(self, live: int) -> Iterator[Sequence[Item]]:
        last_yield = 0.0
        gathered: list[Item] = []
        while (live or gathered) and not self._closed.is_set():
            due = last_yield + FLUSH_SECONDS - self._clock()
            if live and (not gathered or (len(gathered) < BATCH_SIZE and (due > 0 or not self._pieces.empty()))):
                try:
                    piece = self._pieces.get(timeout=max(due, 0.001) if gathered else None)
                except queue.Empty:
                    continue
                live -= piece is None
                gathered += piece or ()
                continue
            yield tuple(gathered[:BATCH_SIZE])
            del gathered[:BATCH_SIZE]
            last_yield = self._clock()

    def _read(self, source: ItemSource[Item]) -> None:
        try:
            for piece in source:
                if piece and not self._put(piece):
                    return
        finally:
            source.close()
            self._put(None)

    def _put(self, piece: Sequence[Item] | None) -> bool:
        while not self._closed.is_set():
            try:
                self._pieces.put(piece, timeout=_PUT_SECONDS)
            except queue.Full:
                continue
            return True
        return False


def _offer(pieces: queue.Queue[Sequence[Item] | None], piece: Sequence[Item] | None) -> None:
    try:
        pieces.put_nowait(piece)
    except queue.Full:
        return


Read = TypeVar("Read")
Kind = TypeVar("Kind", bound=Struct)


class LineReader(Generic[Kind, Read]):
    """What the lines of a stream say, in pieces as they arrive. Closable from another thread."""

    def __init__(self, stream: OpenAnswer, kind: type[Kind], read: Callable[[Kind], Read | None]) -> None:
        """``read`` says what an object means; ``None`` is left out."""
        self._stream = stream
        self._kind = kind
        self._read = read

    def __iter__(self) -> Iterator[Sequence[Read]]:
        """Iterate over the pieces. To be iterated once."""
        for objects in _pieces(self._stream, self._kind):
            if found := [item for one in objects if (item := self._read(one)) is not None]:
                yield found

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._stream.close()


def read_objects(chunks: Iterable[bytes], kind: type[Kind]) -> Iterator[Kind]:
    """The objects of a stream as they arrive; a line that is none, such as one that was cut off, is left out."""
    for objects in _pieces(chunks, kind):
        yield from objects


def _pieces(chunks: Iterable[bytes], kind: type[Kind]) -> Iterator[list[Kind]]:
    """The objects that each chunk completes."""
    decoder, rest = Decoder(kind), b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield list(_parse(lines, decoder))
    yield list(_parse([rest], decoder))


def _parse(lines: Iterable[bytes], decoder: Decoder[Kind]) -> Iterator[Kind]:
    for line in lines:
        with suppress(DecodeError):
            yield decoder.decode(line)


ANSWER_SECONDS = 30.0
"""That a busy engine may take to say that it is there."""
PAUSE_SECONDS = 15.0
"""Between two questions."""


def ensure_alive(connection: DockerConnection, action: str, *, seconds: float = ANSWER_SECONDS) -> None:
    """Raise :class:`EngineUnreachableError` if the engine does not answer; ``action`` continues "could not …"."""
    with translate_errors(action, subject=connection.host):
        connection.wire.exchange(PING, patience=seconds)


@contextmanager
def while_alive(
    connection: DockerConnection, action: str, give_up: Callable[[], None], *, pause: float = PAUSE_SECONDS
) -> Iterator[None]:
    """Ask the engine now and then, from a thread of its own, while the body reads a stream without a time limit.

    If it does not answer, ``give_up`` is called, which is to end the body's reading, and the body's end raises
    :class:`EngineUnreachableError`.
    """
    ended = threading.Event()
    failures: list[EngineUnreachableError] = []

    def ask() -> None:
        while not ended.wait(pause):
            try:
                ensure_alive(connection, action)
            except EngineUnreachableError as error:
                failures.append(error)
                give_up()
                return

    thread = threading.Thread(target=ask, name="previewer-alive", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
    if failures:
        raise failures[0]


@contextmanager
def reading(
    connection: DockerConnection, stream: OpenAnswer, action: str, cancellation: Cancellation
) -> Iterator[None]:
    """Close ``stream``, which the body reads, on a cancellation and after the body; give up on a silent engine.

    Raises as :func:`while_alive` does. A cancellation only ends the stream: what that means, the caller says.
    """
    take_back = cancellation.on_request(stream.close)
    try:
        with while_alive(connection, action, stream.close):
            yield
    finally:
        take_back()
        stream.close()
