"""What happens to services, and what their tasks write, as streams."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from previewer.background import begin
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.logs import open_logs
from previewer.docker_api.request import service_path
from previewer.docker_api.streams import GatheredStream, ItemSource
from previewer.docker_api.swarm.services import inspect_service
from previewer.domain.engine.observation import ContainerState, Health, ObservedContainer
from previewer.domain.labels import SERVICE
from previewer.engine.docker.streams import ContainerLog, open_container_log
from previewer.engine.mapping.service import swarm_name
from previewer.engine.protocol import ContainerEvent, LogLine, LogOptions
from previewer.errors import EngineError, ObjectNotFoundError

POLL_SECONDS = 0.3
"""Managers tell of services, and not of tasks: what happens to these is seen by looking."""
LAST_LINES_SECONDS = 0.5
"""How long the last lines of a task that has ended may be under way from its node."""
_ENDED = (ContainerState.EXITED, ContainerState.DEAD, ContainerState.RESTARTING)

Look = Callable[[], tuple[ObservedContainer, ...]]


class TaskEvents:
    """What changes between one look and the next. It ends quietly when the manager goes away."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._closed = threading.Event()
        self._before = {container.name: container for container in look()}

    def __iter__(self) -> Iterator[Sequence[ContainerEvent]]:
        """Iterate until ``close``."""
        while not self._closed.wait(POLL_SECONDS):
            try:
                now = {container.name: container for container in self._look()}
            except EngineError:
                return
            yield [
                ContainerEvent(name, action)
                for name in sorted({*self._before, *now})
                for action in _actions(self._before.get(name), now.get(name))
            ]
            self._before = now

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._closed.set()


def _actions(before: ObservedContainer | None, now: ObservedContainer | None) -> Iterator[str]:
    """The words of a single engine for what happened, in its order."""
    was, is_ = (one.state if one is not None else None for one in (before, now))
    if before is None and now is not None:
        yield "create"
    if now is not None and is_ in (ContainerState.RUNNING, *_ENDED) and was not in (ContainerState.RUNNING, is_):
        yield "start"
    health = before.health if before is not None else Health.NONE
    if now is not None and now.health is not health and now.health in (Health.HEALTHY, Health.UNHEALTHY):
        yield "health_status"
    if (is_ in _ENDED and was is not is_) or (now is None and was is ContainerState.RUNNING):
        yield "die"
    if now is None:
        yield "destroy"


class TaskEventStream:
    """The events of services, in batches."""

    def __init__(self, look: Look) -> None:
        self._gathered: GatheredStream[ContainerEvent] = GatheredStream([TaskEvents(look)], name="previewer-watch")

    def __iter__(self) -> Iterator[Sequence[ContainerEvent]]:
        """Iterate until the manager goes away or ``close``."""
        return iter(self._gathered)

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._gathered.close()


class FollowedTasks:
    """The log of a service as it is written. Managers never end it: it ends here when its last task has."""

    def __init__(self, log: ContainerLog, is_over: Callable[[], bool]) -> None:
        self._log = log
        self._is_over = is_over
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Sequence[LogLine]]:
        """Iterate until its tasks have ended or ``close``."""
        begin(self._wait, name="previewer-logs")
        return iter(self._log)

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._closed.set()
        self._log.close()

    def _wait(self) -> None:
        while not self._closed.wait(POLL_SECONDS):
            if self._is_over():
                self._closed.wait(LAST_LINES_SECONDS)
                self.close()


def open_service_log(
    connection: DockerConnection, name: str, options: LogOptions, *, is_over: Callable[[str], bool]
) -> ItemSource[LogLine]:
    """The log of a service's tasks, on whichever node they are, else of a container of that name.

    Raises :class:`ObjectNotFoundError`.
    """
    own = swarm_name(name)
    try:
        found = inspect_service(connection, own)
    except ObjectNotFoundError:
        return open_container_log(connection, name, options)
    reader = open_logs(
        connection,
        own,
        has_terminal=found.spec.template.container.has_terminal,
        tail=options.tail,
        follow=options.follow,
        since=options.since,
        path=service_path,
    )
    log = ContainerLog(name, found.labels.get(SERVICE, ""), reader)
    return FollowedTasks(log, lambda: is_over(own)) if options.follow else log
