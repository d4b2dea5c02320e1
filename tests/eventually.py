"""Wait for what comes true by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T | None], *, what: str, within: float = 60.0, every: float = 0.02) -> T:
    """What ``check`` gives once it gives something true. It is asked again ``every`` so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {within:g} s: {what}")
