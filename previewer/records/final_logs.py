"""What containers wrote last and what they take, gathered beside the caller before they are removed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from queue import Empty, SimpleQueue
from threading import Lock

from previewer.background import begin
from previewer.domain.engine.observation import ObservedContainer
from previewer.domain.record.tombstone import LastLine
from previewer.engine.protocol import Engine, LogLine, LogOptions, Selection, Stream
from previewer.errors import PreviewerError

LINES = 500
"""Lines of each container that are kept."""
BYTES = 64 * 1024
"""Bytes of each container that are kept, as UTF-8; the last line is kept, cut to this."""
READERS = 8
"""Logs that are read at the same time."""
LOG_SECONDS = 5.0
"""Seconds that reading all of them may take; what has come by then is kept."""
SIZE_SECONDS = 0.25
"""Seconds that a removal waits for sizes. What is not known by then stays unknown."""

_NAME = "previewer-last-words"


class FinalLogs:
    """Begins to read when it is made, in threads of its own. Ask for the lines before anything is removed."""

    def __init__(
        self,
        engine: Engine,
        selection: Selection,
        containers: Sequence[ObservedContainer],
        *,
        measures: bool = True,
        measures_volumes: bool = False,
    ) -> None:
        """``containers`` are those whose logs are read; ``selection`` holds them, and maybe others.

        ``measures`` and ``measures_volumes`` ask the engine for sizes, which it may take long to count.
        """
        self._engine = engine
        self._deadline = time.monotonic() + LOG_SECONDS
        self._waiting: SimpleQueue[ObservedContainer] = SimpleQueue()
        self._lines: dict[str, Sequence[LastLine]] = {}
        self._streams: set[Stream[Sequence[LogLine]]] = set()
        self._lock = Lock()
        self._is_over = False
        for container in containers:
            self._waiting.put(container)
        count = min(READERS, len(containers))
        self._readers = [begin(self._read_logs, name=_NAME) for _reader in range(count)]
        self._container_sizes = _begin_if(measures, lambda: engine.measure_containers(selection))
        self._volume_sizes = _begin_if(measures_volumes, engine.measure_volumes)

    def lines(self) -> Mapping[str, Sequence[LastLine]]:
        """The last lines of each container, oldest first; why there are none, where they cannot be read."""
        for reader in self._readers:
            if not _wait(reader, self._deadline - time.monotonic()):
                self._end()
        return self._lines

    def wait_for_sizes(self) -> None:
        """Give the engine a moment to measure what containers wrote, which it cannot once they are removed."""
        _wait(self._container_sizes, SIZE_SECONDS)

    def wait_for_volume_sizes(self) -> None:
        """Give the engine a moment to measure volumes."""
        _wait(self._volume_sizes, SIZE_SECONDS)

    def sizes(self) -> Mapping[str, int]:
        """Bytes by container and by volume, as far as the engine has said it by now."""
        known = [future.result() for future in (self._container_sizes, self._volume_sizes) if future.done()]
        return {name: size for sizes in known for name, size in sizes.items()}

    def _read_logs(self) -> None:
        while not self._is_over:
            try:
                container = self._waiting.get_nowait()
            except Empty:
                return
            self._lines[container.name] = self._read_log(container)

    def _read_log(self, container: ObservedContainer) -> Sequence[LastLine]:
        kept: deque[LastLine] = deque()
        size = 0
        try:
            stream = self._engine.logs([container.name], LogOptions(tail=LINES))
            with self._lock:
                self._streams.add(stream)
            try:
                for line in (line for batch in stream for line in batch):
                    kept.append(_last_line(line))
                    size += _size(kept[-1])
                    while len(kept) > 1 and (size > BYTES or len(kept) > LINES):
                        size -= _size(kept.popleft())
                    if self._is_over:
                        break
            finally:
                stream.close()
        except PreviewerError as error:
            text = f"(its log cannot be read: {error})"
            kept.append(LastLine(container.name, container.service, None, text, is_error=True))
        return tuple(kept)

    def _end(self) -> None:
        """Let everybody who still reads come to an end."""
        self._is_over = True
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.close()


def _last_line(line: LogLine) -> LastLine:
    text = line.text if len(line.text) <= BYTES else line.text[-BYTES:]
    return LastLine(line.container, line.service, line.at, text, line.is_error)


def _size(line: LastLine) -> int:
    return len(line.text.encode("utf-8", "replace"))


def _begin_if(wanted: bool, measure: Callable[[], Mapping[str, int]]) -> Future[Mapping[str, int]]:
    return begin(lambda: _or_nothing(measure) if wanted else {}, name=_NAME)


def _or_nothing(measure: Callable[[], Mapping[str, int]]) -> Mapping[str, int]:
    """What an engine says; one that cannot measure now (another measurement is under way, say) says nothing."""
    try:
        return measure()
    except PreviewerError:
        return {}


def _wait(future: Future[object] | Future[None] | Future[Mapping[str, int]], seconds: float) -> bool:
    """Whether it came to its end within ``seconds``."""
    try:
        future.exception(timeout=max(0.0, seconds))
    except FutureTimeoutError:
        return False
    return True
