"""previewer killed with -9 at random moments over seeds, releases and rollbacks, while state that outlives a
release is written to all the time: each write that was acknowledged to the generation that survives is there, and
no volume or mount is left without an owner.

``PREVIEWER_TEST_DATA_KILL_POINTS=60 PREVIEWER_TEST_DATA_KILL_SEED=7`` tries more and others.
"""

from __future__ import annotations

import io
import os
import random
import re
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import docker.errors
import pytest

from previewer.docker_api.volumes import volume_labels
from previewer.domain import labels
from previewer.domain.data.snapshots import loose_volumes, read_data
from tests.docker.test_data import mounts
from tests.eventually import eventually
from tests.worlds.docker import EngineFixture
from tests.worlds.inside import follow_inside

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]

POINTS = int(os.environ.get("PREVIEWER_TEST_DATA_KILL_POINTS", "4"))
SEED = int(os.environ.get("PREVIEWER_TEST_DATA_KILL_SEED", "1"))
LONGEST_DELAY = 3.0
"""Seconds that a command is given before it is killed, at most."""
COMPOSE = """
services:
  web:
    image: previewer-test/base:1
    environment: {{RELEASE: "{release}"}}
    command: [sh, -c, "trap 'exit 0' TERM; touch /data/book; while true; do sleep 0.1; done"]
    volumes: ["book:/data"]
    healthcheck: {{test: [CMD, test, -f, /data/book], interval: 200ms, retries: 100}}
volumes: {{book: {{}}}}
x-previewer:
  seeds:
    book: {{run: web, command: [sh, -c, "sleep 0.5; cat /proc/uptime > /data/seed"], volumes: [book]}}
"""
WRITE = 'i=0; while echo "$1-$i" >> /data/book; do echo "$1-$i"; i=$((i+1)); sleep 0.01; done'
LINE = re.compile(r"\d+-\d+")
"""What a writer prints; an engine puts its own errors into the same stream."""
UP = ("up", "main", "--role", "staging", "--yes")
VERBS = {
    "seed": ("up", "fresh"),
    "up": UP,
    "replace": ("replace", "staging", "--yes"),
    "rollback": ("rollback", "staging", "--yes"),
}


class Writer:
    """Writes to whatever runs of an environment, one generation after the other, until the block ends."""

    def __init__(self, site: EngineFixture) -> None:
        self._site = site
        self._api = site.connection.api
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.acknowledged: dict[str, set[str]] = {}
        """The lines that were written, by the container that took them."""
        self._number = 0

    def running(self) -> list[str]:
        """The running containers of staging, by id."""
        wanted = [
            f"{labels.INSTALLATION}={self._site.installation}",
            f"{labels.ENVIRONMENT}={self._site.project}-staging",
        ]
        return [found["Id"] for found in self._api.containers(filters={"label": wanted})]

    def __enter__(self) -> Writer:
        self._thread.start()
        (first,) = self.running()
        eventually(lambda: len(self.acknowledged.get(first, ())) >= 3, what="it is written to")
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _follow(self) -> None:
        while not self._over.is_set():
            with suppress(docker.errors.APIError):  # it was stopped meanwhile
                for container in self.running()[:1]:
                    self._write(container)
            time.sleep(0.02)

    def _write(self, container: str) -> None:
        self._number += 1
        printed = b""
        for piece in follow_inside(self._api, container, "sh", "-c", WRITE, "sh", f"{self._number}"):
            printed += piece
            lines = {line for line in printed.decode().split("\n")[:-1] if LINE.fullmatch(line)}
            self.acknowledged.setdefault(container, set()).update(lines)
            if self._over.is_set():
                return


@pytest.fixture
def site(engine_fixture: EngineFixture) -> Iterator[EngineFixture]:
    release(engine_fixture, "first")
    engine_fixture.run(*UP)
    yield engine_fixture
    engine_fixture.run("down", "staging", "--yes")
    engine_fixture.run("data", "prune", "--keep", "0", "--yes")
    assert engine_fixture.remains() == []
    assert mounts(engine_fixture) == []


def release(site: EngineFixture, name: str) -> None:
    """A commit on `main` with another release of staging, and one of `fresh` with another seed."""
    compose = COMPOSE.format(release=name)
    files = {"envs/preview.yaml": compose, "envs/staging.yaml": f"{compose}  lifetime: {{book: environment}}\n"}
    site.repository.commit(files, subject=name)
    site.repository.git("branch", "--force", "fresh", "main")


@pytest.mark.timeout(60 + 60 * POINTS)
def test_no_acknowledged_write_is_lost_and_nothing_is_orphaned(site: EngineFixture) -> None:
    dice = random.Random(SEED)
    for point in range(POINTS):
        verb = list(VERBS)[point % len(VERBS)]
        delay = round(dice.uniform(0.1, LONGEST_DELAY), 2)
        name = f"point {point}: {verb} killed after {delay} s"
        release(site, name)
        if verb == "rollback":
            site.run(*UP)  # so that there is a release to go back to
        with Writer(site) as writer:
            (before,) = writer.running()
            held = lines(site)
            process = site.start(*VERBS[verb])
            time.sleep(delay)  # where the kill falls, and nothing that is judged
            process.kill()
            process.communicate(timeout=60)
            if verb == "seed":
                site.run(*VERBS[verb])
                site.run("down", "fresh")
            else:
                site.run(*UP)
            (survivor,) = writer.running()
        wanted = {*held, *writer.acknowledged[before], *writer.acknowledged.get(survivor, ())}
        assert wanted - lines(site) == set(), name
        assert_nothing_is_orphaned(site, name)


def lines(site: EngineFixture) -> set[str]:
    """What staging has in its book now."""
    (container,) = Writer(site).running()
    pieces, _stat = site.connection.api.get_archive(container, "/data/book")
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        book = archive.extractfile("book")
        assert book is not None
        return set(book.read().decode().split("\n")[:-1])


def assert_nothing_is_orphaned(site: EngineFixture, name: str) -> None:
    """Each volume is of a generation with containers, or data that a clone or snapshot shows; so is each mount."""
    api = site.connection.api
    label = f"{labels.INSTALLATION}={site.installation}"
    containers = api.containers(all=True, filters={"label": [label]})
    generations = {
        (found["Labels"][labels.ENVIRONMENT], found["Labels"][labels.GENERATION]) for found in containers
    }
    volumes = volume_labels(site.connection, [label])
    seen = read_data(volumes)
    loose = {volume for owner in set(seen.owners.values()) for volume in loose_volumes(seen, owner)}
    assert loose == set(), name
    owners = {
        (said[labels.ENVIRONMENT], said[labels.GENERATION])
        for said in volumes.values()
        if labels.GENERATION in said
    }
    assert owners <= generations, name
    running = [found for found in containers if found["State"] == "running"]
    mounted = {mount["Name"] for found in running for mount in found["Mounts"] if mount["Type"] == "volume"}
    foreign = [line for line in mounts(site) if not any(f"/{volume}/_data" in line for volume in mounted)]
    assert foreign == [], name
