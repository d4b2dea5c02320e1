"""The user's pager, which has the terminal to itself while it runs."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, cast

from previewer.errors import NotFoundError

MOST_SIGNALS = 4096
"""As many as a pipe holds at least."""
PAGERS = ("less", "more")
"""Tried where ``$PAGER`` names none."""


def page(pieces: Iterable[str], environment: Mapping[str, str] = os.environ) -> None:
    """Hand text to the pager as it comes, and wait until it is closed; what it does not read is not asked for.

    To be called in the main thread. Raises :class:`NotFoundError` where there is no pager.
    """
    with _interrupts_are_the_pagers():
        pager = _start(environment)
        try:
            with suppress(BrokenPipeError), cast("IO[bytes]", pager.stdin) as text:
                for piece in pieces:
                    text.write(piece.encode("utf-8", "replace"))
        finally:
            pager.wait()


def _start(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    own = environment.get("PAGER", "").strip()
    commands = [shlex.split(own)] if own else [[name] for name in PAGERS]
    for command in commands:
        with suppress(OSError):
            return subprocess.Popen(command, stdin=subprocess.PIPE)
    raise NotFoundError(
        f"there is no pager {' or '.join(command[0] for command in commands)}",
        hint="set PAGER to one",
    )


@contextmanager
def _interrupts_are_the_pagers() -> Iterator[None]:
    """A ``ctrl+c`` reaches every program of the terminal, and is the pager's alone; other signals are heard later.

    Python writes the number of each signal into a file that asyncio reads: another one takes its place meanwhile.
    """
    heard, told = os.pipe()
    os.set_blocking(heard, False)
    os.set_blocking(told, False)
    handler, file = signal.signal(signal.SIGINT, lambda _number, _frame: None), signal.set_wakeup_fd(told)
    try:
        yield
    finally:
        signal.set_wakeup_fd(file)
        signal.signal(signal.SIGINT, handler)
        with suppress(BlockingIOError):
            others = bytes(number for number in os.read(heard, MOST_SIGNALS) if number != signal.SIGINT)
            if file >= 0:
                os.write(file, others)
        os.close(heard)
        os.close(told)
