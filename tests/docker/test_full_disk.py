"""The disk of the repository is full, and running environments have to be removed."""

from __future__ import annotations

import json

import pytest

from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]


def test_what_runs_can_be_looked_at_and_goes(engine_fixture: EngineFixture) -> None:
    engine_fixture.up("main")
    engine_fixture.repository.refuse_objects()
    assert [environment["state"] for environment in engine_fixture.environments()] == ["healthy"]
    engine_fixture.run("status", "main")
    engine_fixture.run("logs", "main")
    engine_fixture.run("sleep", "main", code=1)
    assert [environment["state"] for environment in engine_fixture.environments()] == ["healthy"], (
        "nothing was begun"
    )
    process = engine_fixture.start("down", "main", "--progress", "plain", "-o", "json")
    printed, events = process.communicate(timeout=60)
    assert process.returncode == 0, events
    assert engine_fixture.remains() == []
    assert json.loads(printed)["environments"]
    notes = [line for line in events.splitlines() if line.startswith("note: ")]
    assert [note.split(":")[1].strip() for note in notes] == [
        "down goes on without a lock",
        "no record of the removal could be written",
        "it could not be added to the history",
    ]
    assert engine_fixture.environments() == []
    engine_fixture.run("prune", "--keep", "0", "--yes")
    assert engine_fixture.images() == set()
