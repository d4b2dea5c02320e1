"""Very many environments at once: all up, all answering, listed, and all gone."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.measure import Measured, Sample, Subject, run_once
from benchmarks.workplace import Workplace, previewer
from previewer.domain import labels
from tests.docker.base_image import BASE_REFERENCE
from tests.docker.remains import remains_of

AT_ONCE = 4
"""Commands that run at the same time."""
PATIENCE = 10
"""Seconds that one service may take to answer."""
SERVICE = f"""
services:
  web:
    image: {BASE_REFERENCE}
    command: [busybox, httpd, -f, -p, "8080", -h, /]
    ports: ["8080"]
"""
"""Without a health check: the engine starts a process for each, and so many of them would be all it does."""


class ScaleError(Exception):
    """Not everything was up, answered or went."""


def run_many(place: Workplace, *, count: int) -> Sequence[Measured]:
    """What each of the four took. Raises :class:`ScaleError` where one of them did not do what it says."""
    folder = place.repository(f"many-{count}", {"compose.yaml": SERVICE}).path
    place.run(folder, *previewer("freeze", "main"))
    names = [f"many-{place.session}-{number:03}" for number in range(count)]
    ups = [subject(place, folder, "up", "main", "--name", name) for name in names]
    try:
        up = _at_once(ups)
        answered = _answer(_urls(place, folder), count)
        listed = run_once(subject(place, folder, "ls"))
    finally:
        down = run_once(subject(place, folder, "down", "--all", "--yes"))
    if left := remains_of(place.connection, f"{labels.INSTALLATION}={place.installation}"):
        raise ScaleError(f"left after down: {left}")
    return (
        Measured(f"{count} times previewer up", (up,)),
        Measured("an answer from each of them", (answered,)),
        Measured("previewer ls", (listed,)),
        Measured("previewer down --all", (down,)),
    )


def subject(place: Workplace, folder: Path, *arguments: str) -> Subject:
    """A command of previewer's in a folder."""
    return Subject(" ".join(arguments), previewer(*arguments), folder, environment=place.environment)


def _at_once(subjects: Sequence[Subject]) -> Sample:
    """The seconds of all together, the CPU seconds of all, the memory of the largest."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        samples = list(pool.map(run_once, subjects))
    return Sample(
        time.perf_counter() - begun, sum(one.cpu_seconds for one in samples), max(one.peak_kib for one in samples)
    )


def _urls(place: Workplace, folder: Path) -> list[str]:
    done = subprocess.run(
        previewer("ls", "-o", "json"),
        cwd=folder,
        env=place.process_environment,
        capture_output=True,
        check=True,
    )
    return [entry["url"] for entry in json.loads(done.stdout) if entry["url"]]


def _answer(urls: Sequence[str], count: int) -> Sample:
    begun = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        good = sum(pool.map(_is_answered, urls))
    if good != count:
        raise ScaleError(f"{good} of {count} answered")
    return Sample(time.perf_counter() - begun, 0.0, 0)


def _is_answered(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/bin/busybox", timeout=PATIENCE) as answer:
        return bool(answer.status == 200)
