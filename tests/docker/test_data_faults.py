"""The engine is killed, or its disk is full, in the middle of a seed and of a flatten.

What an environment stores is as it was, the next command does what was asked for, nothing is left of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from previewer.docker_api.connection import connect
from previewer.domain import labels
from previewer.domain.data.beginning import MANY_LAYERS
from tests.docker.base_image import load_base_image
from tests.docker.own_engine import OwnEngine, fill_disk, small_disk
from tests.docker.test_faults_engine import NOTICED, at, new_engine
from tests.worlds.docker import EngineFixture
from tests.worlds.inside import run_inside

pytestmark = [pytest.mark.docker, pytest.mark.slow]

MEGABYTES = 24
"""What a seed writes, beyond what a full disk has left."""
LEFT = 8_000_000
"""Bytes that are left on a full disk: enough for containers, and too few for the data."""
COMPOSE = f"""
services:
  db:
    image: previewer-test/base:1
    command: [sh, -c, "trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    volumes: ["book:/data"]
    healthcheck: {{test: [CMD, test, -f, /data/big], interval: 1s, retries: 60}}
volumes: {{book: {{}}}}
x-previewer:
  seeds:
    book:
      run: db
      command: [sh, -c, "dd if=/dev/urandom of=/data/big bs=1M count={MEGABYTES} && sleep 1"]
      volumes: [book]
"""
UNGUARDED = '[quota]\nfree_disk = "none"\n'
"""Without it, a handover begins only where a whole image would fit."""
UP = ("up", "main", "--role", "staging", "--yes")
REPLACE = ("replace", "staging", "--yes")


@dataclass(frozen=True)
class SmallSite:
    """A repository on an engine of its own, whose disk is small."""

    engine: OwnEngine
    disk: Path
    fixture: EngineFixture

    def fail(self, *command: str) -> str:
        """Run a command that the full disk or the engine's end makes fail, with one error; what it said."""
        return self.fails(self.fixture.start(*command).communicate(timeout=NOTICED))

    def fails(self, said: tuple[str, str]) -> str:
        assert "Traceback" not in said[1]
        assert said[1].count("error:") == 1, said[1]
        return said[1]

    def lines(self) -> list[str]:
        """What staging stores beside the seed, in the one container that runs."""
        return self.execute("touch /data/lines; cat /data/lines; wc -c < /data/big").split()

    def execute(self, script: str) -> str:
        """Run a script in the one container of staging that runs; what it printed."""
        api = self.fixture.connection.api
        (container,) = api.containers(filters={"label": f"{labels.INSTALLATION}={self.fixture.installation}"})
        return run_inside(api, container["Id"], "sh", "-c", script).decode()

    def make_layers(self) -> None:
        """Hand the state of staging over until the next time has its layers made one."""
        while len(self.layers()) <= MANY_LAYERS:
            self.fixture.run(*REPLACE)

    def layers(self) -> list[str]:
        """The layers of what staging shows now."""
        api = self.fixture.connection.api
        (container,) = api.containers(filters={"label": f"{labels.INSTALLATION}={self.fixture.installation}"})
        (name,) = (mount["Name"] for mount in container["Mounts"] if mount["Type"] == "volume")
        said: str = api.inspect_volume(name)["Labels"][labels.LAYERS]
        return said.split()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SmallSite]:
    with small_disk(tmp_path, "300M") as disk:
        engine = new_engine(data=disk / "data")
        try:
            connection = connect(engine.host)
            load_base_image(connection, "data-faults")
            fixture = EngineFixture(tmp_path / "site", connection)
            state = COMPOSE + "  lifetime: {book: environment}\n"
            definitions = {"envs/preview.yaml": COMPOSE, "envs/staging.yaml": state}
            fixture.repository.commit({**definitions, "previewer.toml": UNGUARDED}, subject="data")
            fixture.run("freeze", "main")
            yield SmallSite(engine, disk, fixture)
            connection.close()
        finally:
            engine.wipe()


@pytest.mark.timeout(900)
def test_a_seed_and_a_flatten_are_whole_or_were_never_there(site: SmallSite) -> None:
    ballast = fill_disk(site.disk, but=LEFT)
    assert "No space left" in site.fail(*UP)
    assert site.fixture.remains() == []
    ballast.unlink()

    process = at(site.fixture, "start container", *UP)
    site.engine.kill()
    site.fails(process.communicate(timeout=NOTICED))
    site.engine.start()
    site.fixture.run(*UP)
    size = str(MEGABYTES << 20)
    assert site.lines() == [size]

    site.execute("echo kept > /data/lines")
    site.make_layers()
    ballast = fill_disk(site.disk, but=LEFT)
    said = site.fixture.start(*REPLACE).communicate(timeout=NOTICED)
    assert "stay as they are" in said[1]
    assert "no space left" in said[1].lower()
    assert site.lines() == ["kept", size], "its successor serves all the same"
    site.execute("echo since >> /data/lines")
    ballast.unlink()

    layers = site.layers()
    process = at(site.fixture, "create volume", *REPLACE)
    site.engine.kill()
    site.fails(process.communicate(timeout=NOTICED))
    site.engine.start()
    site.fixture.run(*REPLACE)
    assert len(site.layers()) > len(layers), "it makes one of them while it serves"
    site.fixture.run(*REPLACE)
    assert site.lines() == ["kept", "since", size]
    assert len(site.layers()) < len(layers)
    site.fixture.run("down", "staging", "--yes")
    site.fixture.run("data", "prune", "--keep", "0", "--yes")
    assert site.fixture.remains() == []
