"""What ends the interface from outside: what runs is undone, the terminal is given back, the exit code says it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.worlds.terminal import Pty

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
    terminal = Pty(PROGRAM, str(tmp_path / "report"))
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
    terminal = Pty(PROGRAM, str(tmp_path / "report"))
    if is_busy:
        begin_operation(terminal)
    else:
        terminal.read_until(lambda seen: b"Memory" in seen)
    terminal.hang_up()
    assert terminal.exit_code() == 128 + signal.SIGHUP
