"""Databases of many sizes: seeded once, then cloned, beside a plain copy. Every byte of them is written.

Needs 17 GB on the engine's disk while it is measured, and root for what is copied and counted there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.measure import Measured, Sample, Subject, run_once
from benchmarks.workplace import Workplace, previewer
from previewer.domain import labels
from previewer.domain.data.snapshots import read_data
from previewer.domain.engine.specs import CloneSpec, VolumeSpec
from previewer.engine.docker.clones import CloneMaker
from tests.docker.base_image import BASE_REFERENCE

GIGABYTE = 1000
LARGE, LARGEST, SMALL = 5 * GIGABYTE, 10 * GIGABYTE, 10
"""Sizes of databases, in megabytes."""
IDLE = 10
"""Clones that nothing writes to."""
MOST_IDLE_SHARE = 0.01
"""Of the size of all that idle clones show, what they may use."""
ROUNDS = 5


class DiskError(Exception):
    """Idle clones use too much."""


def _definition(megabytes: int) -> str:
    """A service whose volume a seed fills with so much; files of a database are of 1 GB at most."""
    fill = (
        "dd if=/dev/urandom of=/tmp/piece bs=1000000 count=10 2>/dev/null; i=0; "
        f"while [ $$i -lt {megabytes // 10} ]; "
        "do cat /tmp/piece >> /data/segment.$$((i / 100)); i=$$((i + 1)); done; touch /data/done; sync"
    )
    return f"""services:
  db:
    image: {BASE_REFERENCE}
    command: [busybox, sleep, "3600"]
    stop_grace_period: 0s
    volumes: ["data:/data"]
    healthcheck: {{test: [CMD, busybox, test, -f, /data/done], interval: 200ms, timeout: 5s, retries: 50}}
volumes: {{data: {{}}}}
x-previewer:
  seeds: {{db: {{run: db, command: [sh, -c, "{fill}"], volumes: [data]}}}}
"""


@contextmanager
def _seeded(place: Workplace, megabytes: int) -> Iterator[tuple[Path, str]]:
    """A repository whose seed has run, and the volume with the snapshot; gone afterwards."""
    folder = place.repository(
        f"data-{megabytes}-{time.monotonic_ns()}", {"compose.yaml": _definition(megabytes)}
    ).path
    try:
        place.run(folder, *previewer("up", "main"))
        place.run(folder, *previewer("down", "main"))
        yield folder, _snapshot(place)
    finally:
        place.run(folder, *previewer("data", "prune", "--keep", "0", "--yes"))


def _snapshot(place: Workplace) -> str:
    """The volume of the newest snapshot."""
    (layer,) = read_data(_volumes(place)).snapshots[0].volumes["data"]
    return layer.partition("/")[0]


def _volumes(place: Workplace) -> dict[str, dict[str, str]]:
    filters = {"label": [f"{labels.INSTALLATION}={place.installation}"]}
    found = place.connection.api.volumes(filters=filters)["Volumes"] or ()
    return {volume["Name"]: volume["Labels"] for volume in found}


def _mountpoint(place: Workplace, volume: str) -> Path:
    return Path(place.connection.api.inspect_volume(volume)["Mountpoint"])


@contextmanager
def up_with_data(place: Workplace) -> Iterator[Sequence[Subject]]:
    """``up`` over a large database and over a tiny one; :func:`run_clones` says what copying takes."""
    with _seeded(place, LARGE) as (large, _), _seeded(place, SMALL) as (small, _):
        yield tuple(
            Subject(
                f"up over {title}",
                previewer("up", "main"),
                folder,
                after=partial(place.run, folder, *previewer("down", "main")),
                environment=place.environment,
            )
            for title, folder in (("5 GB", large), ("10 MB", small))
        )


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def run_clones(place: Workplace) -> Sequence[Measured]:
    """What making and mounting a clone takes by the size of what it shows, and what copying that takes."""
    found: list[Measured] = []
    copies: list[Measured] = []
    with _seeded(place, SMALL) as (_, small), _seeded(place, LARGEST) as (_, largest):
        sizes = (("10 MB", small), ("10 GB", largest))
        samples: dict[str, list[Sample]] = {title: [] for title, _ in sizes}
        for _round in range(ROUNDS):
            for title, volume in sizes:
                samples[title].append(_clone(place, volume))
        for title, volume in sizes:
            copy = place.folder / "copy"
            command = ("cp", "-a", str(_mountpoint(place, volume)), str(copy))
            taken = run_once(Subject(f"cp -a of {title}", command, place.folder, after=partial(_remove, copy)))
            found.append(Measured(f"clone of {title}", tuple(samples[title])))
            copies.append(Measured(f"cp -a of {title}", (taken,)))
    return (*found, *copies)


def _clone(place: Workplace, snapshot: str) -> Sample:
    name = f"bench-{place.session}"
    own = f"{name}.data"
    # The stubs know no types of the image calls.
    image = place.connection.api.inspect_image(BASE_REFERENCE)["Id"]  # type: ignore[no-untyped-call]
    said = {labels.INSTALLATION: place.installation}
    begun, processor = time.perf_counter(), time.process_time()
    CloneMaker(place.connection).create(VolumeSpec(name, said, {}), CloneSpec(own, said, (snapshot,), image, said))
    sample = Sample(time.perf_counter() - begun, time.process_time() - processor, 0)
    for volume in (name, own):
        place.connection.api.remove_volume(volume)
    return sample


def run_idle_clones(place: Workplace) -> Sequence[Measured]:
    """Environments over one database that nothing writes to. Raises :class:`DiskError` for over a hundredth."""
    with _seeded(place, LARGE) as (folder, snapshot):
        names = [f"idle-{number}" for number in range(IDLE)]
        begun = time.perf_counter()
        try:
            for name in names:
                place.run(folder, *previewer("up", "main", "--name", name))
            seconds = time.perf_counter() - begun
            own = [name for name in _volumes(place) if name != snapshot and name.endswith(".data")]
            used = sum(_size(_mountpoint(place, name)) for name in own)
        finally:
            place.run(folder, *previewer("down", *names))
    if used > MOST_IDLE_SHARE * IDLE * LARGE * 1_000_000:
        raise DiskError(f"{IDLE} idle clones of {LARGE} MB use {used} bytes")
    print(f"{IDLE} idle clones of {LARGE} MB use {used / 1e6:.2f} MB of disk", file=sys.stderr)
    return (Measured(f"{IDLE} environments, {used / 1e6:.1f} MB of disk", (Sample(seconds, 0, 0),)),)


def _size(folder: Path) -> int:
    """The bytes of disk that a folder uses."""
    said = subprocess.run(["du", "-s", "-B1", str(folder)], capture_output=True, text=True, check=True).stdout
    return int(said.split()[0])
