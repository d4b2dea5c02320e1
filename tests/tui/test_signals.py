"""What ends the interface from outside: what runs is undone, the terminal is given back, the exit code says it."""

from __future__ import annotations

import os
import pty
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = """
import sys
from previewer.tui.app import run
from tests.worlds.tui import World
world = World()
world.images.slow.add("web")
code = run(world.session)
open(sys.argv[1], "w").write(f"{code} {world.names()}")
sys.exit(code)
"""
MAIN_SCREEN = b"\x1b[?1049l"
"""What gives the terminal's own screen back."""


class Pty:
    """The interface on a terminal of its own."""

    def __init__(self, report: Path) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS="100", LINES="30")
            os.execv(sys.executable, [sys.executable, "-c", PROGRAM, str(report)])
        self.output = b""

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

    def hang_up(self) -> None:
        """Close the terminal."""
        os.close(self.terminal)

    def exit_code(self) -> int:
        """Wait for the end."""
        _pid, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def begin_operation(terminal: Pty) -> None:
    """Bring up what is under the cursor, and wait until something is built."""
    terminal.read_until(lambda seen: b"Memory" in seen and b"main" in seen)
    terminal.type("gu")
    terminal.read_until(lambda seen: b"create container" in seen)
    terminal.type("y")
    terminal.read_until(lambda seen: b"build web" in seen.rpartition(b"create container")[2])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "busy"])
def test_signal(tmp_path: Path, number: signal.Signals, is_busy: bool) -> None:
    terminal = Pty(tmp_path / "report")
    if is_busy:
        begin_operation(terminal)
    else:
        terminal.read_until(lambda seen: b"Memory" in seen)
    os.kill(terminal.pid, number)
    terminal.read_until(lambda _seen: False)
    assert terminal.exit_code() == 128 + number
    assert MAIN_SCREEN in terminal.output
    assert (tmp_path / "report").read_text() == f"{128 + number} ()"
    terminal.hang_up()


@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "busy"])
def test_the_terminal_goes_away(tmp_path: Path, is_busy: bool) -> None:
    terminal = Pty(tmp_path / "report")
    if is_busy:
        begin_operation(terminal)
    else:
        terminal.read_until(lambda seen: b"Memory" in seen)
    terminal.hang_up()
    assert terminal.exit_code() == 128 + signal.SIGHUP
