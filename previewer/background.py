"""Calls at the same time, in daemon threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def begin(call: Callable[[], Result], *, name: str) -> Future[Result]:
    """Make ``call`` in a thread of its own.

    The end of the process waits for every thread of a pool, and an engine that stands still would hold it for as
    long as a call may take; it does not wait for this one.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - re-raised to the caller that asks for the result
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
