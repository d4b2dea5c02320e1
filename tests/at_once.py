"""Calls that several make at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def at_once(calls: Sequence[Callable[[], object]]) -> list[BaseException | None]:
    """What each of them raised, in their order; ``None`` for one that ended well."""
    with ThreadPoolExecutor(len(calls)) as pool:
        begun = [pool.submit(call) for call in calls]
    return [future.exception() for future in begun]
