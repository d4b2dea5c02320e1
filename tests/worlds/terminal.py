"""A program of Python on a pseudo-terminal of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTROLLING = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
"""
"""Makes the terminal the one whose end hangs the program up.

``pty.fork`` would do it too, but what it leaves of a process with threads can hang before it runs the program.
"""


class Pty:
    """The program ``code``, with ``arguments``, on a terminal of its own."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.terminal, inside = pty.openpty()
        self.resize(100, 30)
        self.process = subprocess.Popen(
            [sys.executable, "-c", CONTROLLING + code, *arguments],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(inside)
        self.output = b""

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self.process.pid

    def read_until(self, is_enough: Callable[[bytes], bool]) -> None:
        """Read what is drawn until it is enough, or until the terminal is closed."""
        while not is_enough(self.output):
            try:
                self.output += os.read(self.terminal, 65536)
            except OSError:  # Linux says so where the other side is closed
                return

    def type(self, text: str) -> None:
        """Type it."""
        os.write(self.terminal, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size, in cells; the kernel tells the program."""
        termios.tcsetwinsize(self.terminal, (lines, columns))

    def hang_up(self) -> None:
        """Close the terminal."""
        os.close(self.terminal)

    def exit_code(self) -> int:
        """Wait for the end; a program that never ends is killed with the test."""
        try:
            return self.process.wait()
        finally:
            self.process.kill()
