"""End a program together with the process that started it, even where that is killed and cannot say good-bye."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_WATCH = 'read -r _; kill "$1"'


@contextmanager
def ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """While the block lasts, a shell waits for this process to end, and asks ``process`` to end then.

    It reads a pipe of which only this process holds the other end, so that it hears of any end at once. Where
    there is no POSIX shell nothing happens.
    """
    shell = shutil.which("sh")
    if shell is None:
        yield
        return
    watcher = subprocess.Popen(
        [shell, "-c", _WATCH, "watch", str(process.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        watcher.kill()
        watcher.communicate()
