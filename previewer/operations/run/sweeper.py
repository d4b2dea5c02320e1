"""A process that was started with a run and outlives it: it removes what the run leaves when it is killed.

The two are joined by a pipe. Its end is the run's end, whichever signal that was, and it comes without delay.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

import previewer
from previewer.domain.json_value import as_integer, as_object, as_text
from previewer.process_identity import identify

VERB = "__sweep"
"""What the command line calls it."""
DONE = "done"
HUNTED = ("RUNNER_TRACKING_ID", "JENKINS_NODE_COOKIE", "BUILD_ID", "HUDSON_SERVER_COOKIE")
"""Variables by which CI systems find, and kill, what a job has left running."""
_PACKAGE = str(Path(previewer.__file__).resolve().parents[1])
_START = f"import sys; sys.path.insert(0, {_PACKAGE!r}); from previewer.__main__ import main; main()"
_EXIT_SECONDS = 10.0


class Orphan(Struct, frozen=True):
    """What a killed process left."""

    process: str
    """The one that was killed, as its environments' labels have it."""
    environments: tuple[str, ...] = ()
    """The names that it had chosen; some may never have come up."""
    groups: tuple[int, ...] = ()
    """Process groups that run its commands still."""


class Sweeper:
    """The process, seen from the run."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """``arguments`` are the global ones that name the repository and the engine."""
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, *arguments, VERB],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={name: value for name, value in environment.items() if name not in HUNTED},
            start_new_session=True,
        )
        self._tell(process=identify())

    def watch(self, environment: str) -> None:
        """An environment of that name is about to be made."""
        self._tell(environment=environment)

    def watch_group(self, group: int) -> None:
        """A command has begun, in a process group of its own."""
        self._tell(group=group)

    def forget_group(self, group: int) -> None:
        """The command has ended: another process may get its number."""
        self._tell(ended=group)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """All that was made is gone, or is to stay."""
        self._tell(end=DONE)
        with suppress(OSError, subprocess.TimeoutExpired):
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait(timeout=_EXIT_SECONDS)

    def _tell(self, **message: str | int) -> None:
        line = json.dumps(message) + "\n"
        with self._lock, suppress(OSError, ValueError):  # one that was killed leaves the rest to the next command
            if self._process.stdin is not None:
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


def ignore_signals() -> None:
    """Go on whatever is sent to all that a job has started."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, signal.SIG_IGN)


def await_end(lines: Iterable[str]) -> Orphan | None:
    """Read what the run tells until it ends; ``None`` where it took everything down itself."""
    process, environments, groups = "", list[str](), dict[int, None]()
    for line in lines:
        with suppress(ValueError):  # the last one may have been cut off
            message = as_object(json.loads(line))
            if message.get("end") == DONE:
                return None
            process = as_text(message.get("process"), process)
            if name := as_text(message.get("environment")):
                environments.append(name)
            if group := as_integer(message.get("group")):
                groups[group] = None
            groups.pop(as_integer(message.get("ended")), None)
    return Orphan(process, tuple(environments), tuple(groups)) if process else None


def kill_commands(orphan: Orphan) -> None:
    """End the commands whose caller is gone."""
    for group in orphan.groups:
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)
