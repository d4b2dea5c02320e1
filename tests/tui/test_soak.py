"""Random keys, typed into the real program on a terminal: it neither ends nor says a word of Python."""

from __future__ import annotations

import os
import random
import select
import signal
from pathlib import Path

import pytest

from tests.worlds.terminal import ROOT, Pty

PROGRAM = """
import os, sys
from textual.events import Key
import previewer.tui.app as tui
from previewer.domain.compose.definition import Role
from tests.worlds.tui import World

class Counting(tui.PreviewerApp):
    async def on_event(self, event):
        await super().on_event(event)
        if isinstance(event, Key):
            seen.write(b".")

sys.path.insert(0, sys.argv[1])
os.chdir(sys.argv[2])
seen = open("seen", "wb", buffering=0)
world = World()
world.up("main", Role.STAGING)
world.up("main", Role.PRODUCTION)
preview = world.up("feature/guest-book")
world.touch(preview.name)
tui.PreviewerApp = Counting
sys.exit(tui.run(world.session))
"""
KEYS = (
    *"jkgGzxpdlvhicuUDRPBeKsaOJwrtWLnNfAy?/:[]& 1234567",
    *("\r", "\t", "\x7f", "\x04", "\x15", "\x10", "\x03"),
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F"),
    *("\x1b",) * 8,
)
"""All but those that end it, open a browser or hand the terminal over; escape most often, to come back out."""


def read_ready(terminal: Pty) -> None:
    """Take what has been drawn, so that the program never waits for its terminal."""
    while select.select([terminal.terminal], [], [], 0.01)[0]:
        try:
            terminal.output += os.read(terminal.terminal, 65536)
        except OSError:  # Linux says so where the other side is closed
            return


def test_random_keys(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """``--soak-seeds 100 --soak-keys 200`` types 20,000 of them."""
    for seed in range(int(pytestconfig.getoption("--soak-seeds"))):
        folder = tmp_path / str(seed)
        folder.mkdir()
        soak(folder, random.Random(seed), int(pytestconfig.getoption("--soak-keys")))


def soak(folder: Path, chance: random.Random, keys: int) -> None:
    terminal = Pty(PROGRAM, str(ROOT), str(folder))
    terminal.read_until(lambda shown: (b"Memory" in shown and b"guest-book" in shown) or b"Traceback" in shown)
    typed: list[str] = []
    for _ in range(keys):
        typed.append(chance.choice(KEYS))
        terminal.type(typed[-1])
        while (folder / "seen").stat().st_size < len(typed):
            read_ready(terminal)
            assert terminal.process.poll() is None, f"it ended after {typed!r}: {terminal.output[-2000:]!r}"
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.read_until(lambda _shown: False)
    assert terminal.exit_code() == 128 + signal.SIGTERM
    assert b"Traceback" not in terminal.output
    terminal.hang_up()
