"""Measure whole processes, by turns, so that a busy moment of the machine meets all of them alike."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

LAUNCHER = Path(__file__).with_name("launch.py")
PATIENCE = 900
"""Seconds that one process may take."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one process took."""

    seconds: float
    cpu_seconds: float
    """User and system time of the process and of the processes that it waited for. The engine's is not in it."""
    peak_kib: int
    """Of the largest of these processes."""


def _nothing() -> None:
    """No preparation."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A command that is measured."""

    name: str
    command: tuple[str, ...]
    folder: Path
    before: Callable[[], None] = _nothing
    """Called before each time; not measured."""
    after: Callable[[], None] = _nothing
    environment: Mapping[str, str] = field(default_factory=dict)
    """Besides this process's."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A command's medians."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def seconds(self) -> float:
        """The median of what it took by the clock."""
        return median(sample.seconds for sample in self.samples)

    @property
    def cpu_seconds(self) -> float:
        """The median of its CPU time."""
        return median(sample.cpu_seconds for sample in self.samples)

    @property
    def peak_mib(self) -> float:
        """The median of its peak memory."""
        return median(sample.peak_kib for sample in self.samples) / 1024


class CommandFailedError(Exception):
    """A measured command failed; the message is what it said."""


def measure(subjects: Sequence[Subject], *, rounds: int) -> tuple[Measured, ...]:
    """Run each subject once a round, the order turned round each time; one round before that does not count."""
    samples: dict[str, list[Sample]] = {subject.name: [] for subject in subjects}
    for number in range(rounds + 1):
        for subject in subjects if number % 2 else reversed(subjects):
            sample = run_once(subject)
            if number:
                samples[subject.name].append(sample)
    return tuple(Measured(name, tuple(taken)) for name, taken in samples.items())


def run_once(subject: Subject) -> Sample:
    """One run. Raises :class:`CommandFailedError`."""
    subject.before()
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCHER), *subject.command],
            cwd=subject.folder,
            env={**os.environ, **subject.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    finally:
        subject.after()
    if done.returncode:
        raise CommandFailedError(f"{subject.name}: {done.stderr}")
    seconds, cpu_seconds, peak, code = done.stdout.split()
    if code != "0":
        raise CommandFailedError(f"{subject.name} ended with {code}: {done.stderr}")
    return Sample(float(seconds), float(cpu_seconds), int(peak))
