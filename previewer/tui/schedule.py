"""When the application looks again: at intervals where no event says that anything happened, else after events."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App
from textual.timer import Timer

CLOCK_TICK = 1.0
"""Seconds between two looks at the clock."""
SLOW_TICK = 15.0
"""Seconds between two looks at git and the engine where no event says that anything happened."""
DRIFT_TICK = 60.0
"""Seconds between two looks at what is not as it was frozen, in all environments."""
SETTLE = 0.2
"""Seconds that events are gathered for before the engine is looked at."""
PULSE = 0.125
"""Seconds between two turns of a spinner."""


class Schedule:
    """The application's timers."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._settling: dict[Callable[[], None], Timer] = {}
        self._pulse: Timer | None = None

    def start(
        self,
        *,
        clock: Callable[[], None],
        slow: Callable[[], None],
        drift: Callable[[], None],
        pulse: Callable[[], None],
    ) -> None:
        """Call each at its interval; ``pulse`` only between :meth:`spin` and :meth:`rest`."""
        self._app.set_interval(CLOCK_TICK, clock)
        self._app.set_interval(SLOW_TICK, slow)
        self._app.set_interval(DRIFT_TICK, drift)
        self._pulse = self._app.set_interval(PULSE, pulse, pause=True)

    def soon(self, look: Callable[[], None]) -> None:
        """Call ``look`` once things have settled, however often that is asked for until then."""

        def settled() -> None:
            del self._settling[look]
            look()

        if look not in self._settling:
            self._settling[look] = self._app.set_timer(SETTLE, settled)

    def spin(self) -> None:
        """Turn the spinners."""
        if self._pulse is not None:
            self._pulse.resume()

    def rest(self) -> None:
        """Nothing runs any more."""
        if self._pulse is not None:
            self._pulse.pause()
