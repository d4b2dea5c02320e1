"""What an engine was seen to tell, kept longer than it remembers, without what is known to be harmless."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.engine.examination import EngineHappening
from previewer.domain.environment.life import is_life
from previewer.domain.labels import ENVIRONMENT
from previewer.operations.watch.touches import MOST_EVENTS, QUIET

COMMAND_RUN = "exec_create"


class SeenTouches:
    """Thread-safe: one thread hears the engine, others judge what it told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._happenings: deque[EngineHappening] = deque(maxlen=MOST_EVENTS)
        self._life: deque[EngineHappening] = deque(maxlen=MOST_EVENTS)
        self._names: set[str] = set()
        """Environments that were not judged since; empty names where an event does not say which."""
        self._harmless: set[tuple[str, str]] = set()
        """Containers with commands that were judged before: health checks, which run several times a second."""

    def take_names(self) -> tuple[str, ...] | None:
        """The environments that something happened to since the last time; ``None`` where it may be any."""
        with self._lock:
            names, self._names = self._names, set()
        return None if "" in names else tuple(sorted(names))

    def take(self, batch: Sequence[EngineHappening]) -> bool:
        """Keep what may matter; whether there is any."""
        with self._lock:
            matter = [event for event in batch if self._matters(event)]
            self._happenings.extend(matter)
            self._life.extend(filter(is_life, batch))
            self._names.update(event.attributes.get(ENVIRONMENT, "") for event in matter)
        return bool(matter)

    def happenings(self) -> tuple[EngineHappening, ...]:
        """What has been kept, in the order it was told."""
        with self._lock:
            return tuple(self._happenings)

    def life(self) -> tuple[EngineHappening, ...]:
        """What was told of how containers live, in the order it was told."""
        with self._lock:
            return tuple(self._life)

    def learn(self, judged: Sequence[EngineHappening], drifts: Iterable[EnvironmentDrift]) -> None:
        """Commands that are no finding of the environments they ran in need not be looked at again."""
        drifts = tuple(drifts)
        at = {finding.at for drift in drifts for finding in drift.findings}
        containers = {c.id for drift in drifts for s in drift.environment.services for c in s.containers}
        with self._lock:
            for event in judged:
                is_known = event.action == COMMAND_RUN and event.subject in containers
                if is_known and event.at not in at:
                    self._harmless.add((event.subject, event.detail))

    def _matters(self, event: EngineHappening) -> bool:
        is_quiet = event.kind == "image" or event.action in QUIET
        return not is_quiet and (event.subject, event.detail) not in self._harmless
