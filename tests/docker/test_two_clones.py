"""Two clones of one repository share an engine, and neither has the other's ledger."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.worlds.docker import Site

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]

NAME = f"shared-{os.urandom(3).hex()}"


def test_neither_takes_for_a_touch_what_the_other_does(site: Site, tmp_path: Path) -> None:
    other = site.clone(tmp_path / "clone")
    site.run("up", "main", "--name", NAME)
    assert _seen(other) == ["release-unknown"]
    site.run("sleep", NAME)
    site.run("wake", NAME)
    other.run("status", NAME)
    assert _seen(other) == ["release-unknown"]
    (found,) = other.environments()
    assert (found["state"], found["marks"]) == ("healthy", [])
    other.run("replace", NAME, code=6)
    (web,) = site.connection.api.containers(filters={"name": f"{NAME}-g1-web-1"})
    command = site.connection.api.exec_create(web["Id"], ["busybox", "true"])
    site.connection.api.exec_start(command["Id"])
    assert _seen(other) == ["command-run", "release-unknown"], "a stranger's touch is one all the same"
    other.run("down", NAME)
    assert site.remains() == []


def _seen(site: Site) -> list[str]:
    (report,) = json.loads(site.run("drift", NAME, "-o", "json"))
    return sorted({finding["kind"] for finding in report["findings"] if finding["layer"] != "files"} - {"tainted"})
