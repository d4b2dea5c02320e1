"""Several blocking sources as one stream of batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

from previewer.docker_api.gathered_stream import BATCH_SIZE, FLUSH_SECONDS, GatheredStream


class Source:
    """Gives its pieces and then, unless it is told to end, waits to be closed."""

    def __init__(self, pieces: Sequence[Sequence[int]], *, ends: bool = True, pause: float = 0.0) -> None:
        self.pieces = pieces
        self.pause = pause
        self.closed = threading.Event()
        if ends:
            self.closed.set()

    def __iter__(self) -> Iterator[Sequence[int]]:
        for piece in self.pieces:
            time.sleep(self.pause)
            yield piece
        self.closed.wait()

    def close(self) -> None:
        self.closed.set()


def test_everything_arrives_once_and_in_the_order_of_its_source() -> None:
    sources = [Source([[number * 10_000 + i] for i in range(3_000)]) for number in range(4)]
    found = [item for batch in GatheredStream(sources, name="test") for item in batch]
    assert len(found) == 12_000
    for number in range(4):
        own = [item for item in found if item // 10_000 == number]
        assert own == sorted(own)


def test_batches_are_never_too_large() -> None:
    batches = list(GatheredStream([Source([list(range(1_700))])], name="test"))
    assert [len(batch) for batch in batches] == [BATCH_SIZE, BATCH_SIZE, BATCH_SIZE, 200]


def test_a_lone_item_does_not_wait_and_a_trickle_is_gathered() -> None:
    stream = GatheredStream([Source([[i] for i in range(200)], pause=0.002)], name="test")
    begun = time.monotonic()
    batches = iter(stream)
    assert next(batches) == (0,)
    assert time.monotonic() - begun < FLUSH_SECONDS
    rest = list(batches)
    assert sum(len(batch) for batch in rest) == 199
    assert len(rest) < 40


def test_no_sources_end_at_once() -> None:
    assert list(GatheredStream[int]([], name="test")) == []


def test_closing_wakes_a_reader_that_waits() -> None:
    stream = GatheredStream([Source([], ends=False)], name="test")
    threading.Timer(0.1, stream.close).start()
    begun = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - begun < 1


def test_closing_stops_sources_that_nobody_reads() -> None:
    sources = [Source([[i] for i in range(100_000)])]
    stream = GatheredStream(sources, name="gathered-stop")
    assert next(iter(stream)) is not None
    stream.close()
    deadline = time.monotonic() + 2
    while any(thread.name == "gathered-stop" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a reader goes on"
        time.sleep(0.01)


def test_a_stream_that_was_closed_before_gives_nothing() -> None:
    stream = GatheredStream([Source([[1]], ends=False)], name="test")
    stream.close()
    assert list(stream) == []
