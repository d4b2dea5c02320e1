"""One command on this machine: it gets the signals that this process gets, and its exit code is the result."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import IO

from previewer.domain.cancellation import Cancellation
from previewer.errors import TimedOutError, UsageError
from previewer.operations.run.sweeper import Sweeper
from previewer.session.run import Run

GRACE_SECONDS = 10.0
"""A command that was told to end may take this long; then it is killed."""
SIGNALLED = 128
"""Added to the number of the signal that ended a command, as shells do."""
Lines = Callable[[str], None]


def refuse_unknown(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise :class:`UsageError` for a command that cannot be run, before anything is built for it."""
    if not command:
        raise UsageError("there is no command to run", hint="write it after --: previewer run main -- make test")
    if shutil.which(command[0], path=environment.get("PATH", os.defpath)) is None:
        raise UsageError(
            "there is no such command",
            where=command[0],
            hint="a shell's own words need a shell: -- sh -c 'cd tests && ./run'",
        )


def run_on_host(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    cancellation: Cancellation,
    sweeper: Sweeper,
    lines: Lines | None = None,
    has_terminal: bool = False,
) -> int:
    """Run it until it ends; its exit code, or 128 plus the number of the signal that ended it.

    It has this process's streams, or its output is handed to ``lines``, line by line. With a terminal it stays in
    the foreground, where Ctrl-C reaches it by itself; else it has a process group, which all signals go to.
    """
    process = subprocess.Popen(
        command,
        env=dict(environment),
        stdin=None if lines is None else subprocess.DEVNULL,
        stdout=None if lines is None else subprocess.PIPE,
        stderr=None if lines is None else subprocess.STDOUT,
        process_group=None if has_terminal else 0,
    )
    if not has_terminal:
        sweeper.watch_group(process.pid)
    timers: list[Timer] = []

    def pass_on() -> None:
        number = cancellation.signal or signal.SIGTERM
        if not (has_terminal and number == signal.SIGINT):
            _send(process.pid, number, to_group=not has_terminal)
        timer = Timer(GRACE_SECONDS, _send, (process.pid, signal.SIGKILL), {"to_group": not has_terminal})
        timer.daemon = True
        timers.append(timer)
        timer.start()

    forget = cancellation.on_request(pass_on)
    try:
        if lines is not None and process.stdout is not None:
            _read(process.stdout, lines)
        code = process.wait()
    finally:
        forget()
        for timer in timers:
            timer.cancel()
        if process.poll() is None:  # its lines could not be handed on
            _send(process.pid, signal.SIGKILL, to_group=not has_terminal)
            process.wait()
        if not has_terminal:
            _send(process.pid, signal.SIGKILL, to_group=True)  # what it started does not outlive it either
            sweeper.forget_group(process.pid)
    return SIGNALLED - code if code < 0 else code


@contextmanager
def time_limit(run: Run, seconds: float | None, *, where: str) -> Iterator[Run]:
    """The run inside the block is cancelled after ``seconds``. Raises :class:`TimedOutError` at its end then."""
    if seconds is None:
        yield run
        return
    inner, is_over = Cancellation(), Event()

    def end() -> None:
        is_over.set()
        inner.request()

    timer = Timer(seconds, end)
    timer.daemon = True
    forget = run.cancellation.on_request(lambda: inner.request(run.cancellation.signal))
    timer.start()
    try:
        yield run.interrupted_by(inner)
    except BaseException as error:
        if is_over.is_set() and not run.cancellation.requested:
            raise _timed_out(seconds, where) from error
        raise
    finally:
        timer.cancel()
        forget()
    if is_over.is_set() and not run.cancellation.requested:
        raise _timed_out(seconds, where)


def _timed_out(seconds: float, where: str) -> TimedOutError:
    return TimedOutError(
        f"not done within {seconds:g} seconds", where=where, hint="allow more time with --timeout"
    )


def _read(stream: IO[bytes], lines: Lines) -> None:
    for line in stream:
        lines(line.decode("utf-8", "replace").rstrip("\r\n"))


def _send(process: int, number: int, *, to_group: bool) -> None:
    with suppress(OSError):  # it has ended
        (os.killpg if to_group else os.kill)(process, number)
