"""Who was let onto the engine and may not be seen there yet, so that two at once do not take the last place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what only lists or removes is not to pay for it
    from previewer.domain.capacity import Need


class Admissions:
    """Of the environments that one process brings up at the same time: `watch` and the terminal UI do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._needs: dict[str, Need] = {}
        self._is_used = False

    @property
    def is_used(self) -> bool:
        """Whether anybody was ever let in, so that an earlier look at the engine may be out of date."""
        return self._is_used

    def enter(self, environment: str, need: Need, check: Callable[[Mapping[str, Need]], None]) -> None:
        """Let ``environment`` in unless ``check``, which is given the others that were let in, raises an error."""
        with self._lock:
            check({name: taken for name, taken in self._needs.items() if name != environment})
            self._needs[environment] = need
            self._is_used = True

    def leave(self, environment: str) -> None:
        """It is seen on the engine by now, or not there at all."""
        with self._lock:
            self._needs.pop(environment, None)
