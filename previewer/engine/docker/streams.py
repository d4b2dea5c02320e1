"""Events and logs of a Docker engine as streams of the protocol's own values."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from previewer.background import begin
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import inspect_container
from previewer.docker_api.events import EngineEvent, Event
from previewer.docker_api.logs import LogReader, open_logs
from previewer.docker_api.machine import open_stats
from previewer.docker_api.streams import BATCH_SIZE, GatheredStream, ItemSource, LineReader, ensure_alive
from previewer.domain.engine.usage import UsageSample
from previewer.domain.labels import SERVICE
from previewer.engine.protocol import ContainerEvent, LogLine, LogOptions

OPENED_AT_ONCE = 8
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class EventStream:
    """The events of containers, in batches."""

    def __init__(self, reader: LineReader[Event, EngineEvent]) -> None:
        self._gathered = GatheredStream([reader], name="previewer-watch")

    def __iter__(self) -> Iterator[Sequence[ContainerEvent]]:
        """Iterate until the engine goes away or ``close``."""
        for batch in self._gathered:
            yield tuple(ContainerEvent(event.container, event.action) for event in batch)

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._gathered.close()


class ContainerLog:
    """The lines of one container, in pieces."""

    def __init__(self, container: str, service: str, reader: LogReader) -> None:
        self._container = container
        self._service = service
        self._reader = reader

    def __iter__(self) -> Iterator[Sequence[LogLine]]:
        """Iterate until its log ends or ``close``."""
        for piece in self._reader:
            yield [LogLine(self._container, self._service, r.at, r.text, r.is_error) for r in piece]

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._reader.close()


class MergedLogs:
    """Logs that are complete, merged by time. Read by the caller's own thread, no further than is asked for."""

    def __init__(self, logs: Sequence[ItemSource[LogLine]]) -> None:
        self._logs = logs

    def __iter__(self) -> Iterator[Sequence[LogLine]]:
        """Iterate over the lines, oldest first. A line without a time stays behind the one before it."""
        merged = heapq.merge(*(_timed(log) for log in self._logs), key=lambda entry: entry[0])
        while batch := tuple(line for _time, line in islice(merged, BATCH_SIZE)):
            yield batch

    def close(self) -> None:
        """End it. Closing twice is fine."""
        for log in self._logs:
            log.close()


class FollowedLogs:
    """Logs as they are written. They end with their containers; an engine that goes away is an error."""

    def __init__(self, connection: DockerConnection, logs: Sequence[ItemSource[LogLine]]) -> None:
        self._connection = connection
        self._gathered: GatheredStream[LogLine] = GatheredStream(logs, name="previewer-logs")
        self._is_closed = False

    def __iter__(self) -> Iterator[Sequence[LogLine]]:
        """Iterate over batches. Raises :class:`EngineUnreachableError` where the engine ended them."""
        yield from self._gathered
        if not self._is_closed:
            ensure_alive(self._connection, "go on reading the logs")

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._is_closed = True
        self._gathered.close()


class UsageStream:
    """What containers use, as the engine tells it of each."""

    def __init__(self, connection: DockerConnection, names: Sequence[str]) -> None:
        opening = [begin(partial(open_stats, connection, name), name="previewer-usage") for name in names]
        wait(opening)
        readers = [future.result() for future in opening if future.exception() is None]
        self._gathered: GatheredStream[UsageSample] = GatheredStream(readers, name="previewer-usage")

    def __iter__(self) -> Iterator[Sequence[UsageSample]]:
        """Iterate until every container has ended or ``close``."""
        return iter(self._gathered)

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._gathered.close()


OpenLog = Callable[[DockerConnection, str, LogOptions], ItemSource[LogLine]]


def open_log_stream(
    connection: DockerConnection,
    containers: Sequence[str],
    options: LogOptions,
    *,
    open_one: OpenLog | None = None,
) -> FollowedLogs | MergedLogs:
    """The logs of ``containers``, each opened by ``open_one``.

    Raises :class:`ObjectNotFoundError` if one of them is not there.
    """
    open_one = open_one or open_container_log
    opening: list[Future[ItemSource[LogLine]]] = []
    for first in range(0, len(containers), OPENED_AT_ONCE):
        some = containers[first : first + OPENED_AT_ONCE]
        opening += [begin(partial(open_one, connection, name, options), name="previewer-logs") for name in some]
        wait(opening)
    failures = [error for future in opening if (error := future.exception()) is not None]
    opened = [future.result() for future in opening if future.exception() is None]
    if failures:
        for log in opened:
            log.close()
        raise failures[0]
    return FollowedLogs(connection, opened) if options.follow else MergedLogs(opened)


def open_container_log(connection: DockerConnection, name: str, options: LogOptions) -> ItemSource[LogLine]:
    """The log of one container. Raises :class:`ObjectNotFoundError`."""
    found = inspect_container(connection, name)
    reader = open_logs(
        connection,
        name,
        has_terminal=found.has_terminal,
        tail=options.tail,
        follow=options.follow,
        since=options.since,
    )
    return ContainerLog(name, found.labels.get(SERVICE, ""), reader)


def _timed(log: ItemSource[LogLine]) -> Iterator[tuple[datetime, LogLine]]:
    last = _LONG_AGO
    for piece in log:
        for line in piece:
            last = max(line.at or last, last)
            yield last, line
