"""The end of the interface when its terminal goes away.

A terminal that goes away sends SIGHUP. Where that is ignored (``nohup``, some remote shells), reading from it
gives nothing at once for ever, and what is written to it is not taken any more: Textual's loop would be busy with
the one and wait for the other.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable

GONE = 129
"""The exit code: that of a program ended by SIGHUP, which comes where it is not ignored."""


def end_with_terminal(undo: Callable[[], None]) -> None:
    """Wait, in a thread of its own, until the terminal is gone; then undo what runs and end the process."""
    if _await_hangup():
        undo()
        os._exit(GONE)


def _await_hangup() -> bool:
    """Whether the terminal is gone; ``False`` at once where the system cannot tell."""
    stdin = sys.__stdin__
    if stdin is None or not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(stdin.fileno(), 0)  # a hangup is told without being asked for
    return any(events & select.POLLHUP for _, events in poll.poll())
