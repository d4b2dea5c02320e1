"""Threads: the newest question wins, streams end when they are stopped, nothing waits for a dead one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from textual.message import Message
from textual.message_pump import MessagePump

from previewer.errors import EngineError, PreviewerError
from previewer.tui.bridge import Bridge, Mailbox


class Told(Message):
    """What a test is told."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


class Listener(MessagePump):
    """Keeps what it is told. It stands for a screen; threads call it as they would call one."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[object] = []

    def post_message(self, message: Message) -> bool:
        assert isinstance(message, Told)
        self.values.append(message.value)
        return True


class Pipe:
    """A stream that blocks until something is put into it, or until it is closed."""

    def __init__(self) -> None:
        self.is_read = threading.Event()
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[str]:
        yield "first"
        self.is_read.set()
        self._closed.wait(30)

    def close(self) -> None:
        self._closed.set()

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()


def until(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    bridge = Bridge()
    yield bridge
    bridge.close()


def ask(
    bridge: Bridge,
    listener: Listener,
    call: Callable[[], object],
    *,
    slot: str = "slot",
    is_repeated: bool = False,
) -> None:
    bridge.ask(slot, call, tell=listener, answered=Told, failed=Told, is_repeated=is_repeated)


def test_an_answer_is_told(bridge: Bridge, listener: Listener) -> None:
    ask(bridge, listener, lambda: 42)
    until(lambda: listener.values == [42])


def test_an_error_is_told(bridge: Bridge, listener: Listener) -> None:
    def fail() -> None:
        raise EngineError("no")

    ask(bridge, listener, fail)
    until(lambda: listener.values)
    assert [str(value) for value in listener.values] == ["no"]


def test_a_bug_is_told_as_one(bridge: Bridge, listener: Listener) -> None:
    def fail() -> None:
        raise KeyError("surprise")

    ask(bridge, listener, fail)
    until(lambda: listener.values)
    (error,) = listener.values
    assert isinstance(error, PreviewerError)
    assert "a bug in previewer: KeyError" in error.message


def test_a_late_answer_is_dropped(bridge: Bridge, listener: Listener) -> None:
    go = threading.Event()
    ask(bridge, listener, lambda: (go.wait(5), "old")[1])
    ask(bridge, listener, lambda: "new")
    go.set()
    until(lambda: listener.values)
    assert listener.values == ["new"]


def test_of_a_repeated_question_every_answer_counts(bridge: Bridge, listener: Listener) -> None:
    go = threading.Event()
    ask(bridge, listener, lambda: (go.wait(5), "old")[1], is_repeated=True)
    ask(bridge, listener, lambda: "new", is_repeated=True)
    go.set()
    until(lambda: len(listener.values) == 2)
    assert listener.values == ["old", "new"]


def test_however_often_a_question_is_asked_one_thread_works_on_it(bridge: Bridge, listener: Listener) -> None:
    go = threading.Event()
    called: list[int] = []

    def call(number: int) -> int:
        called.append(number)
        go.wait(5)
        return number

    for number in range(50):
        ask(bridge, listener, lambda number=number: call(number))  # type: ignore[misc]
    until(lambda: called)
    assert called == [0]
    go.set()
    until(lambda: listener.values)
    assert called == [0, 49]
    assert listener.values == [49]


def test_other_slots_do_not_wait(bridge: Bridge, listener: Listener) -> None:
    go = threading.Event()
    ask(bridge, listener, lambda: go.wait(5), slot="slow")
    ask(bridge, listener, lambda: "quick", slot="other")
    until(lambda: listener.values == ["quick"])
    go.set()


def follow(bridge: Bridge, listener: Listener, pipe: Pipe, *, slot: str = "logs") -> None:
    bridge.follow(slot, lambda: pipe, tell=listener, arrived=Told, ended=Told)


def test_stop_ends_a_blocked_stream_and_silences_it(bridge: Bridge, listener: Listener) -> None:
    pipe = Pipe()
    follow(bridge, listener, pipe)
    assert pipe.is_read.wait(5)
    bridge.stop("logs")
    assert pipe.is_closed
    time.sleep(0.05)
    assert listener.values == ["first"]


def test_another_stream_in_the_slot_ends_the_one_before(bridge: Bridge, listener: Listener) -> None:
    before, after = Pipe(), Pipe()
    follow(bridge, listener, before)
    assert before.is_read.wait(5)
    follow(bridge, listener, after)
    assert before.is_closed
    assert after.is_read.wait(5)
    assert not after.is_closed


def test_a_stream_that_opens_too_late_is_closed_unread(bridge: Bridge, listener: Listener) -> None:
    pipe, go = Pipe(), threading.Event()

    def open_stream() -> Pipe:
        go.wait(5)
        return pipe

    bridge.follow("logs", open_stream, tell=listener, arrived=Told, ended=Told)
    bridge.stop("logs")
    go.set()
    until(lambda: pipe.is_closed)
    assert listener.values == []


def test_the_end_of_a_stream_is_told(bridge: Bridge, listener: Listener) -> None:
    pipe = Pipe()
    pipe.close()
    follow(bridge, listener, pipe)
    until(lambda: listener.values == ["first", None])


def test_close_ends_everything_and_says_nothing_more(listener: Listener) -> None:
    bridge, pipe, go = Bridge(), Pipe(), threading.Event()
    follow(bridge, listener, pipe)
    assert pipe.is_read.wait(5)
    answered: list[bool] = []
    ask(bridge, listener, lambda: answered.append(go.wait(60)))
    bridge.close()
    assert answered == [], "it does not wait for what was asked"
    assert pipe.is_closed
    go.set()
    ask(bridge, listener, lambda: "after")
    time.sleep(0.05)
    assert listener.values == ["first"]


def test_operations_run_side_by_side_and_can_be_waited_for(bridge: Bridge, listener: Listener) -> None:
    both = threading.Barrier(2)

    def call() -> Message:
        both.wait(5)
        return Told("done")

    bridge.operate("one", call, tell=listener, failed=Told)
    bridge.operate("two", call, tell=listener, failed=Told)
    bridge.wait_for_operations(5)
    assert listener.values == ["done", "done"]


def test_a_mailbox_tells_once_until_it_is_emptied() -> None:
    mailbox: Mailbox[int] = Mailbox(capacity=3)
    assert not mailbox.put(())
    assert mailbox.put((1, 2))
    assert not mailbox.put((3, 4))
    assert mailbox.take() == (2, 3, 4)
    assert mailbox.take() == ()
    assert mailbox.put((5,))
