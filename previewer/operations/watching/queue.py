"""Who waits for room while environments are kept in step with branches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from itertools import islice

from previewer.domain.watching import Attempt


class WatchQueue:
    """Environments that there was no room for. Nobody is tried until there may be some, and then few at once."""

    def __init__(self, interval: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``interval`` is in seconds, until it is looked for room again; ``None`` for never."""
        self._interval = math.inf if interval is None else interval
        self._clock = clock
        self._waiting: dict[str, Attempt] = {}
        """Who waits longest comes first."""
        self._full_until = -math.inf

    @property
    def is_full(self) -> bool:
        """Whether it is known that there is no room."""
        return self._clock() < self._full_until

    @property
    def is_due(self) -> bool:
        """Whether somebody waits, and it is time to look for room again."""
        return bool(self._waiting) and not self.is_full

    def stay_full(self) -> None:
        """There still is no room."""
        self._full_until = self._clock() + self._interval

    def line_up(self, waiting: Mapping[str, Attempt]) -> tuple[str, ...]:
        """Who waits now, whether tried or not: newcomers stand at the end, and are returned."""
        newcomers = tuple(name for name in waiting if name not in self._waiting)
        self._waiting = {name: waiting[name] for name in (*self._waiting, *newcomers) if name in waiting}
        return newcomers

    def turn_away(self, name: str, attempt: Attempt) -> None:
        """There was no room for this one: it waits, behind all others."""
        self._waiting.pop(name, None)
        self._waiting[name] = attempt
        self.stay_full()

    def leave(self, name: str) -> None:
        """This one is up, or does not wait for room any more."""
        self._waiting.pop(name, None)

    def make_room(self) -> None:
        """Something has gone: there may be room."""
        self._full_until = -math.inf

    def attempts(self, free: int) -> Mapping[str, Attempt]:
        """Those that are not to be tried now. As soon as there may be room, the first ``free`` ones are."""
        return dict(islice(self._waiting.items(), 0 if self.is_full else free, None))
