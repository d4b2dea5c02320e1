"""Room that one process has promised to environments which it brings up at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from previewer.domain.engine.capacity import Need


class CapacityReservations:
    """Reservations of the environments that one process (`watch`, the terminal UI) brings up at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._needs: dict[str, Need] = {}
        self._is_used = False

    @property
    def is_used(self) -> bool:
        """Whether anybody was ever let in, so that an earlier look at the engine may be out of date."""
        return self._is_used

    def reserve(self, environment: str, need: Need, check: Callable[[Mapping[str, Need]], None]) -> None:
        """Let ``environment`` in unless ``check``, which is given the others that were let in, raises an error."""
        with self._lock:
            check({name: taken for name, taken in self._needs.items() if name != environment})
            self._needs[environment] = need
            self._is_used = True

    def release_reservation(self, environment: str) -> None:
        """It is seen on the engine by now, or not there at all."""
        with self._lock:
            self._needs.pop(environment, None)
