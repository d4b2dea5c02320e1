"""The disk of the repository is full, and somebody wants what runs to go."""

from __future__ import annotations

import json

import pytest

from tests.worlds.docker import Site

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]


def test_what_runs_can_be_looked_at_and_goes(site: Site) -> None:
    site.up("main")
    site.repository.refuse_objects()
    assert [environment["state"] for environment in site.environments()] == ["healthy"]
    site.run("status", "main")
    site.run("logs", "main")
    site.run("sleep", "main", code=1)
    assert [environment["state"] for environment in site.environments()] == ["healthy"], "nothing was begun"
    process = site.start("down", "main", "--progress", "plain", "-o", "json")
    printed, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert site.remains() == []
    assert json.loads(printed)["environments"]
    notes = [line for line in told.splitlines() if line.startswith("note: ")]
    assert [note.split(":")[1].strip() for note in notes] == [
        "down goes on without a lock",
        "what was removed is not remembered",
        "the history does not tell of it",
    ]
    assert site.environments() == []
    site.run("prune", "--keep", "0", "--yes")
    assert site.images() == set()
