"""The terminal interface on a pseudo-terminal: its first frame, its keys, its idling and a flood of logs.

Each is measured by turns with a minimal application of Textual's.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.branches import make_branches
from benchmarks.measure import Measured, Sample
from benchmarks.stand_ins import fakes
from benchmarks.workplace import Workplace, previewer, services
from tests.docker.base_image import BASE_REFERENCE

ROUNDS = 5
SIZE = (36, 120)
"""Lines and columns."""
PATIENCE = 60.0
"""Seconds that anything may take to appear."""
QUIET = 0.15
"""Seconds without output after which a key has been answered in full."""
WATCHED = 10.0
"""Seconds that idling and logs are watched."""
LETTERS = "topic-09876"
CLOCK_TICK = os.sysconf("SC_CLK_TCK")
MINIMAL = (sys.executable, str(Path(__file__).with_name("minimal_app.py")))
FLOOD = "".join(
    f"""  {name}:
    image: {BASE_REFERENCE}
    command: [busybox, sh, -c, "while :; do busybox seq 1 167; busybox usleep 95000; done"]
"""
    for name in ("api", "store", "web")
)
"""About 5,000 lines a second, of three services."""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, place: Workplace, folder: Path, command: Sequence[str]) -> None:
        self._terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        environment = {**place.process_environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment.pop("CI")
        self.begun = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(inside)

    @property
    def usage(self) -> tuple[float, int]:
        """The program's CPU seconds until now, without those of what it ran; and its peak memory in KiB."""
        folder = Path("/proc", str(self._process.pid))
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        peak = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM"))
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICK, int(peak.split()[1])

    def until(self, shown: str) -> float:
        """Read until this is there; when that was."""
        found = b""
        while shown.encode() not in found:
            if not select.select([self._terminal], [], [], PATIENCE)[0]:
                raise TimeoutError(f"{shown!r} did not appear: {found[-500:]!r}")
            found += os.read(self._terminal, 65536)
        return time.perf_counter()

    def read_for(self, seconds: float) -> None:
        """Read for so long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._terminal], [], [], left)[0]:
                os.read(self._terminal, 65536)

    def press(self, key: str) -> float:
        """Seconds from a key until the last of what it changes is drawn."""
        begun = last = time.perf_counter()
        os.write(self._terminal, key.encode())
        while select.select([self._terminal], [], [], PATIENCE if last == begun else QUIET)[0]:
            os.read(self._terminal, 65536)
            last = time.perf_counter()
        return last - begun

    def end(self, key: str = "") -> None:
        """Quit by a key, else at once."""
        if key:
            os.write(self._terminal, key.encode())
            with suppress(OSError):  # Linux says so where the other side is closed
                self.read_for(PATIENCE)
        self._process.send_signal(signal.SIGTERM if key else signal.SIGKILL)
        self._process.wait()
        os.close(self._terminal)


Open = Callable[[], Terminal]


@contextmanager
def opened(open_terminal: Open) -> Iterator[Terminal]:
    """A terminal that is gone afterwards."""
    terminal = open_terminal()
    try:
        yield terminal
    finally:
        terminal.end()


def _sample(terminal: Terminal, seconds: float, since: float = 0.0) -> Sample:
    used, peak = terminal.usage
    return Sample(seconds, used - since, peak)


def _by_turns(subjects: dict[str, Callable[[], Sample]], rounds: int) -> Sequence[Measured]:
    samples: dict[str, list[Sample]] = {name: [] for name in subjects}
    for number in range(rounds):
        for name, run in list(subjects.items())[:: 1 if number % 2 else -1]:
            samples[name].append(run())
    return [Measured(name, tuple(taken)) for name, taken in samples.items()]


def run_start(place: Workplace) -> Sequence[Measured]:
    """Until the name of a branch is read."""
    folder = place.repository("tui-start", {"compose.yaml": services(1)}).path
    place.run(folder, "git", "branch", "topic-00001")

    def until_named(command: Sequence[str], *, drawn: str, later: str = "") -> Sample:
        with opened(lambda: Terminal(place, folder, command)) as terminal:
            seconds = terminal.until(drawn) - terminal.begun
            if later:
                seconds = terminal.until(later) - terminal.begun
            return _sample(terminal, seconds)

    first = Terminal(place, folder, previewer())
    first.until("Docker")
    first.end("q")  # leaves a picture
    return _by_turns(
        {
            "previewer, from the last picture": lambda: until_named(previewer(), drawn="topic-00001"),
            "previewer, what git and the engine say": lambda: until_named(
                previewer(), drawn="asking git", later="topic-00001"
            ),
            "a minimal Textual app": lambda: until_named((*MINIMAL, "table"), drawn="topic-00001"),
        },
        ROUNDS,
    )


def run_keys(place: Workplace) -> Sequence[Measured]:
    """From a letter of a filter until all is drawn that it changes."""
    folder = make_branches(place.folder / "tui-keys", 10_000, packed=True)

    def typed(command: Sequence[str], *, drawn: str, before: str) -> Sample:
        with opened(lambda: Terminal(place, folder, command)) as terminal:
            terminal.until(drawn)
            terminal.read_for(3.0)
            terminal.press(before)
            since = terminal.usage[0]
            taken = sorted(terminal.press(letter) for letter in LETTERS)
            return _sample(terminal, taken[len(taken) // 2], since)

    return _by_turns(
        {
            "previewer, 10,000 branches": lambda: typed(previewer(), drawn="topic-", before="/"),
            "a minimal Textual app": lambda: typed((*MINIMAL, "table"), drawn="topic-", before="\t"),
        },
        ROUNDS,
    )


def _watched(terminal: Terminal) -> Sample:
    since = terminal.usage[0]
    terminal.read_for(WATCHED)
    return _sample(terminal, WATCHED, since)


def run_idle(place: Workplace) -> Sequence[Measured]:
    """Nothing happens, beside 200 environments."""
    folder = place.repository("tui-idle", {"compose.yaml": services(1)}).path

    def idle(command: Sequence[str], drawn: str) -> Sample:
        with opened(lambda: Terminal(place, folder, command)) as terminal:
            terminal.until(drawn)
            terminal.read_for(12.0)  # the first looks are over
            return _watched(terminal)

    with fakes(place, folder, 200):
        return _by_turns(
            {
                "previewer, 200 environments": lambda: idle(previewer(), "Docker"),
                "a minimal Textual app": lambda: idle((*MINIMAL, "table"), "topic-"),
            },
            ROUNDS,
        )


def run_logs(place: Workplace) -> Sequence[Measured]:
    """Three services write 5,000 lines a second."""
    folder = place.repository("tui-logs", {"compose.yaml": f"services:\n{FLOOD}"}).path

    def followed() -> Sample:
        with opened(lambda: Terminal(place, folder, previewer())) as terminal:
            terminal.until("Docker")
            terminal.read_for(1.0)
            terminal.press("gl")
            terminal.read_for(2.0)
            return _watched(terminal)

    def written() -> Sample:
        with opened(lambda: Terminal(place, folder, (*MINIMAL, "log"))) as terminal:
            terminal.until("a line")
            return _watched(terminal)

    place.run(folder, *previewer("up", "main"))
    try:
        return _by_turns({"previewer": followed, "a minimal Textual app": written}, 3)
    finally:
        place.run(folder, *previewer("down", "main"))
