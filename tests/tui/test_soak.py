"""Random keys, clicks and sizes on the real program's terminal: it neither ends nor says a word of Python."""

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
from textual.events import Key, MouseScrollDown, MouseUp
import previewer.tui.app as tui
from previewer.domain.compose.definition import Role
from tests.worlds.tui import World

class Counting(tui.PreviewerApp):
    async def on_event(self, event):
        await super().on_event(event)
        if isinstance(event, (Key, MouseScrollDown, MouseUp)):
            seen.write(b".")

sys.path.insert(0, sys.argv[1])
os.chdir(sys.argv[2])
seen = open("seen", "wb", buffering=0)
world = World()
world.up("main", Role.STAGING)
world.up("main", Role.PRODUCTION)
preview = world.up("feature/guest-book")
world.touch(preview.name)
world.is_reachable = sys.argv[3] == "engine"
tui.PreviewerApp = Counting
sys.exit(tui.run(world.session))
"""
KEYS = (
    *"jkgGzxpdlvhicuUDRPBeKsaOJwrtWLnNfFAVCSbIyT?/:;=!+-[]&, 1234567890",
    *("\r", "\t", "\x7f", "\x04", "\x15", "\x10", "\x03"),
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F"),
    *("\x1b",) * 8,
)
"""All but those that end it, open a browser or hand the terminal over; escape most often, to come back."""
CLICKED, RESIZED = 0.15, 0.03
"""How often it is a click, and how often the terminal has another size from then on."""
SIZES = ((80, 24), (100, 30), (120, 36), (200, 60), (60, 15), (40, 10), (20, 5), (100, 30))


def read_ready(terminal: Pty) -> None:
    """Take what has been drawn, so that the program never waits for its terminal."""
    while select.select([terminal.terminal], [], [], 0.01)[0]:
        try:
            terminal.output += os.read(terminal.terminal, 65536)
        except OSError:  # Linux says so where the other side is closed
            return


def test_random_keys(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """``--soak-seeds 100 --soak-keys 200`` types 20,000 of them, every second time where no engine answers."""
    for seed in range(int(pytestconfig.getoption("--soak-seeds"))):
        folder = tmp_path / str(seed)
        folder.mkdir()
        keys = int(pytestconfig.getoption("--soak-keys"))
        soak(folder, random.Random(seed), keys, has_engine=seed % 2 == 0)


def click(chance: random.Random, size: tuple[int, int]) -> str:
    """A click or a turn of the wheel (SGR, xterm), not on the bar of keys: that has the one which quits."""
    place = f"{chance.randint(1, size[0])};{chance.randint(1, max(1, size[1] - 2))}"
    return f"\x1b[<65;{place}M" if chance.random() < 0.3 else f"\x1b[<0;{place}M\x1b[<0;{place}m"


def soak(folder: Path, chance: random.Random, keys: int, *, has_engine: bool) -> None:
    terminal = Pty(PROGRAM, str(ROOT), str(folder), "engine" if has_engine else "none")
    engine = b"Memory" if has_engine else b"no engine"
    terminal.read_until(lambda shown: (engine in shown and b"guest-book" in shown) or b"Traceback" in shown)
    typed: list[str] = []
    size = (100, 30)
    for _ in range(keys):
        if chance.random() < RESIZED:
            size = chance.choice(SIZES)
            terminal.resize(*size)
        typed.append(click(chance, size) if chance.random() < CLICKED else chance.choice(KEYS))
        terminal.type(typed[-1])
        while (folder / "seen").stat().st_size < len(typed):
            read_ready(terminal)
            assert terminal.process.poll() is None, f"it ended after {typed!r}: {terminal.output[-2000:]!r}"
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.read_until(lambda _shown: False)
    assert terminal.exit_code() == 128 + signal.SIGTERM
    assert b"Traceback" not in terminal.output
    terminal.hang_up()
