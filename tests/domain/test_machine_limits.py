"""What a machine refuses any program, in words."""

from __future__ import annotations

import errno

import pytest

from previewer.domain.engine.machine_limits import machine_error


@pytest.mark.parametrize(
    ("error", "said", "hint"),
    [
        (OSError(errno.ENOSPC, "x"), "no space left on device", "free some space"),
        (OSError(errno.EMFILE, "x", "/etc/x"), "/etc/x: too many open files", "ulimit -n"),
        (OSError(errno.EMFILE, "x", b"/etc/\xff"), "/etc/\udcff: too many open files", "ulimit -n"),
        (BlockingIOError(errno.EAGAIN, "x"), "resource temporarily unavailable", "ulimit -u"),
        (PermissionError(errno.EACCES, "x", "/etc/x"), "/etc/x: permission denied", "--debug"),
        (OSError("odd"), "odd", "--debug"),
        (MemoryError(), "not enough memory", "free some memory"),
        (RuntimeError("can't start new thread"), "no more threads can be started", "ulimit -u"),
    ],
)
def test_refusals_are_told_with_what_helps(error: BaseException, said: str, hint: str) -> None:
    events = machine_error(error)
    assert events is not None
    assert str(events) == said
    assert hint in (events.hint or "")


@pytest.mark.parametrize(
    "error", [RuntimeError("odd"), KeyError("x"), BrokenPipeError("engine"), TimeoutError("x")]
)
def test_what_is_no_refusal_of_this_machine_is_left(error: BaseException) -> None:
    assert machine_error(error) is None
