"""Several blocking sources as one stream of batches."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence

from previewer.docker_api.streams import BATCH_SIZE, FLUSH_SECONDS, GatheredStream
from tests.eventually import eventually


class Source:
    """Gives its pieces and then, unless it is told to end, waits to be closed."""

    def __init__(
        self, pieces: Sequence[Sequence[int]], *, ends: bool = True, after_first: threading.Event | None = None
    ) -> None:
        self.pieces = pieces
        self.after_first = after_first
        self.closed = threading.Event()
        if ends:
            self.closed.set()

    def __iter__(self) -> Iterator[Sequence[int]]:
        for piece in self.pieces:
            yield piece
            if self.after_first:
                self.after_first.wait()
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


def test_a_lone_item_does_not_wait_for_others() -> None:
    stream = GatheredStream([Source([[0]], ends=False)], name="test")
    assert next(iter(stream)) == (0,)
    stream.close()


def test_a_trickle_is_one_batch_as_long_as_none_is_due() -> None:
    rest = threading.Event()
    stream = GatheredStream([Source([[0], [1], [2], [3]], after_first=rest)], name="test", clock=lambda: 100.0)
    batches = iter(stream)
    assert next(batches) == (0,)
    rest.set()
    assert list(batches) == [(1, 2, 3)]


def test_a_batch_that_is_due_does_not_wait_for_its_source() -> None:
    rest = threading.Event()
    now = itertools.count(100.0, FLUSH_SECONDS / 2)
    source = Source([[0], [1]], ends=False, after_first=rest)
    stream = GatheredStream([source], name="test", clock=lambda: next(now))
    batches = iter(stream)
    assert next(batches) == (0,)
    rest.set()
    assert next(batches) == (1,)
    stream.close()


def test_no_sources_end_at_once() -> None:
    assert list(GatheredStream[int]([], name="test")) == []


def test_closing_wakes_a_reader_that_waits() -> None:
    stream = GatheredStream([Source([], ends=False)], name="test")
    threading.Timer(0.1, stream.close).start()
    assert list(stream) == []


def test_closing_stops_unread_sources() -> None:
    sources = [Source([[i] for i in range(100_000)])]
    stream = GatheredStream(sources, name="gathered-stop")
    assert next(iter(stream)) is not None
    stream.close()
    eventually(lambda: "gathered-stop" not in thread_names(), what="the readers end")


def thread_names() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_a_stream_that_was_closed_before_gives_nothing() -> None:
    stream = GatheredStream([Source([[1]], ends=False)], name="test")
    stream.close()
    assert list(stream) == []
