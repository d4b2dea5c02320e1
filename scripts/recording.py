"""Record the main job in a terminal: the interface is opened, a branch is brought up, looked at and removed.

The program is the real one, on a pseudo-terminal; what it draws is kept as an asciinema cast (version 2,
https://docs.asciinema.org/manual/asciicast/v2/), from which termtosvg draws an animated SVG.
"""

from __future__ import annotations

import codecs
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyte

from demo.product import Product

COLUMNS, LINES = 110, 30
PATIENCE = 60.0
"""Seconds that the program may take to show what is waited for."""
LONGEST_STILL = 2.0
"""Seconds that one picture of the recording stands at most while the program works."""


@dataclass(frozen=True, slots=True)
class Act:
    """Wait until something is to be read, look at it, then press keys."""

    shown: str
    seconds: float
    keys: str


SCRIPT = (
    Act("release/1.1", 2.0, "/"),
    Act("filter", 0.5, "release"),
    Act("release/1.1", 0.8, "\r"),
    Act("nothing runs here", 1.2, "u"),
    Act("create container", 2.5, "y"),
    Act("done", 2.5, "\x1b"),
    Act("healthy", 2.0, "\r"),
    Act("listening on", 4.0, "\x1b"),
    Act("healthy", 1.0, "D"),
    Act("remove container", 2.5, "y"),
    Act("done", 2.5, "\x1b"),
    Act("nothing runs here", 2.0, "q"),
)


class Recorder:
    """A program on a terminal of its own, whose screen is read while it is recorded."""

    def __init__(self, command: list[str]) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.events: list[tuple[float, str]] = []
        """What the program wrote, and when, in seconds from its start."""
        self._stream = pyte.Stream(self.screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, start_new_session=True, env=environment
        )
        os.close(inside)
        self._start = time.monotonic()

    def play(self, act: Act) -> None:
        """Wait for what it shows, stay for a while, press the keys. Raises :class:`TimeoutError`."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(act.shown, "\n".join(self.screen.display)):
            if time.monotonic() > deadline or not self._read(0.1):
                raise TimeoutError(f"{act.shown!r} was never shown:\n" + "\n".join(self.screen.display))
        until = time.monotonic() + act.seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)
        for key in act.keys:
            os.write(self._terminal, key.encode())
            if key.isprintable():
                self._read(0.15)

    def end(self) -> None:
        """Read until the program has ended."""
        while self._read(PATIENCE):
            pass
        self.process.wait()
        os.close(self._terminal)

    def _read(self, seconds: float) -> bool:
        """Take what is written within that time; ``False`` once the program has closed its terminal."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        if not ready:
            return True
        try:
            written = os.read(self._terminal, 1 << 16)
        except OSError:  # Linux says so where the other side is closed
            return False
        text = self._decode(written)
        self.events.append((time.monotonic() - self._start, text))
        self._stream.feed(text)
        return bool(written)


def record(product: Product, folder: Path) -> None:
    """Play the script on the product, and write ``recording.cast`` and ``recording.svg``."""
    recorder = Recorder(product.command())
    try:
        for act in SCRIPT:
            recorder.play(act)
        recorder.end()
    finally:
        recorder.process.kill()
    cast = folder / "recording.cast"
    cast.write_text("".join(f"{line}\n" for line in cast_lines(recorder.events)), encoding="utf-8")
    drawing = [sys.executable, "-m", "termtosvg", "render", str(cast), str(cast.with_suffix(".svg"))]
    subprocess.run([*drawing, "--template", "window_frame", "--min-frame-duration", "80"], check=True)


def cast_lines(events: list[tuple[float, str]]) -> Iterator[str]:
    """The cast, without the time in which nothing changes for long."""
    yield json.dumps({"version": 2, "width": COLUMNS, "height": LINES, "title": "previewer: the main job"})
    at = before = 0.0
    for when, text in events:
        at += min(when - before, LONGEST_STILL)
        before = when
        yield json.dumps([round(at, 3), "o", text], ensure_ascii=False)
