"""The only place that starts threads: it runs blocking calls, and passes their results on in batches."""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from textual.message import Message
from textual.message_pump import MessagePump

from previewer.domain.engine.machine_limits import machine_error
from previewer.engine.protocol import Stream
from previewer.errors import PreviewerError

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Thread-safe. The writer announces only when the box was empty: floods cost one message a look."""

    def __init__(self, *, capacity: int | None = None) -> None:
        self._items: deque[Item] = deque(maxlen=capacity)
        """Beyond its capacity the oldest items are dropped: a reader that is behind cannot fill the memory."""
        self._lock = threading.Lock()

    def put(self, items: Iterable[Item]) -> bool:
        """Add items; whether the reader has to be told (it has been, if something lay there already)."""
        with self._lock:
            was_empty = not self._items
            self._items.extend(items)
            return was_empty and bool(self._items)

    def take(self) -> tuple[Item, ...]:
        """Everything that has come since the last time, oldest first."""
        with self._lock:
            taken = tuple(self._items)
            self._items.clear()
        return taken


Answer = TypeVar("Answer")
Failed = Callable[[PreviewerError], Message]


class Bridge:
    """Blocking calls on one side, a screen's messages on the other. Methods are for the latter's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generations: dict[str, int] = {}
        self._running: set[str] = set()
        self._waiting: dict[str, Callable[[], None]] = {}
        self._streams: dict[str, Stream[object]] = {}
        self._operations: list[threading.Thread] = []
        self._is_closed = False

    def ask(
        self,
        slot: str,
        call: Callable[[], Answer],
        *,
        tell: MessagePump,
        answered: Callable[[Answer], Message],
        failed: Failed,
        is_repeated: bool = False,
    ) -> None:
        """Run ``call`` in a thread and tell ``tell`` what it returned, or what went wrong.

        ``is_repeated`` says that a slot's questions are all the same one. Then late answers are told too (they
        still come in order): a question repeated faster than it is answered must not go unanswered for ever.
        """
        generation = self._next_generation(slot)

        def work() -> None:
            message = _outcome(call, answered, failed)
            if is_repeated or self._is_current(slot, generation):
                self._post(tell, message)
            self._finish(slot)

        with self._lock:
            if self._is_closed:
                return
            if slot in self._running:
                self._waiting[slot] = work
                return
            self._running.add(slot)
        _start(f"ask {slot}", work)

    def follow(
        self,
        slot: str,
        open_stream: Callable[[], Stream[Answer]],
        *,
        tell: MessagePump,
        arrived: Callable[[Answer], Message | None],
        ended: Callable[[PreviewerError | None], Message],
    ) -> None:
        """Read a stream in a thread of its own until its end or :meth:`stop`. ``arrived`` runs in that thread."""
        self.stop(slot)
        generation = self._next_generation(slot)

        def read() -> None:
            error = self._read(slot, generation, open_stream, tell, arrived)
            if self._is_current(slot, generation):
                self._post(tell, ended(error))

        _start(f"follow {slot}", read)

    def stop(self, slot: str) -> None:
        """Close the slot's stream, and drop whatever its thread still has to say."""
        self._next_generation(slot)
        with self._lock:
            stream = self._streams.pop(slot, None)
        if stream is not None:
            stream.close()

    def operate(self, name: str, call: Callable[[], Message], *, tell: MessagePump, failed: Failed) -> None:
        """Run an operation in a thread of its own. Several may run at once."""
        thread = _start(f"operate {name}", lambda: self._post(tell, _outcome(call, _same, failed)))
        self._operations = [one for one in self._operations if one.is_alive()] + [thread]

    @staticmethod
    def stand_by(name: str, call: Callable[[], None]) -> None:
        """Call it in a thread of its own that lasts as long as the process."""
        _start(name, call)

    @staticmethod
    def in_front(call: Callable[[], Answer]) -> Answer:
        """Call it here, while the terminal is handed over. A bug is told as any other error."""
        try:
            return call()
        except PreviewerError:
            raise
        except Exception as error:
            raise as_bug(error) from error

    def wait_for_operations(self, seconds: float) -> None:
        """Wait until the operations have ended: at most ``seconds``, in all."""
        deadline = time.monotonic() + seconds
        for thread in self._operations:
            thread.join(max(0.0, deadline - time.monotonic()))

    def post(self, tell: MessagePump, message: Message) -> None:
        """Tell something from within a thread that this bridge started."""
        self._post(tell, message)

    def close(self) -> None:
        """Close every stream and say nothing more. Threads that still wait for an answer are left behind."""
        with self._lock:
            self._is_closed = True
            self._waiting.clear()
            streams = list(self._streams.values())
            self._streams.clear()
        for stream in streams:
            stream.close()

    def _read(
        self,
        slot: str,
        generation: int,
        open_stream: Callable[[], Stream[Answer]],
        tell: MessagePump,
        arrived: Callable[[Answer], Message | None],
    ) -> PreviewerError | None:
        try:
            stream = open_stream()
            if not self._register(slot, generation, stream):
                stream.close()
                return None
            for batch in stream:
                if not self._is_current(slot, generation):
                    break
                if (message := arrived(batch)) is not None:
                    self._post(tell, message)
        except PreviewerError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a thread that dies in silence leaves a screen that waits for ever
            return as_bug(error)
        return None

    def _register(self, slot: str, generation: int, stream: Stream[object]) -> bool:
        """Make the stream closable before it is read; no longer wanted where false."""
        with self._lock:
            if self._is_closed or self._generations.get(slot) != generation:
                return False
            self._streams[slot] = stream
            return True

    def _next_generation(self, slot: str) -> int:
        with self._lock:
            self._generations[slot] = self._generations.get(slot, 0) + 1
            return self._generations[slot]

    def _is_current(self, slot: str, generation: int) -> bool:
        with self._lock:
            return not self._is_closed and self._generations.get(slot) == generation

    def _finish(self, slot: str) -> None:
        with self._lock:
            following = self._waiting.pop(slot, None)
            if following is None:
                self._running.discard(slot)
        if following is not None:
            following()

    def _post(self, tell: MessagePump, message: Message) -> None:
        if self._is_closed:
            return
        try:
            tell.post_message(message)
        except RuntimeError:
            # The event loop, or the screen that asked, went away between the question and the answer.
            return


def as_bug(error: Exception) -> PreviewerError:
    """An unexpected exception as an error that can be shown."""
    return machine_error(error) or PreviewerError(
        f"a bug in previewer: {type(error).__name__}: {error}",
        hint="run the same with `previewer --debug …` and report what it prints",
    )


def _outcome(call: Callable[[], Answer], answered: Callable[[Answer], Message], failed: Failed) -> Message:
    try:
        return answered(call())
    except PreviewerError as error:
        return failed(error)
    except Exception as error:  # noqa: BLE001 - see Bridge._read
        return failed(as_bug(error))


def _same(message: Message) -> Message:
    return message


def _start(name: str, work: Callable[[], None]) -> threading.Thread:
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name=f"previewer {name}", daemon=True)
    thread.start()
    return thread
