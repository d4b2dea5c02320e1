"""The bytes of ``drift``, ``debug`` and ``suggest-writable``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.engine.examination import ChangeKind, EngineHappening, FileChange
from previewer.testing.memory.examiner import MemoryExaminer
from previewer.testing.memory.session import memory_session
from tests.cli.test_golden import steady
from tests.worlds.cli import World

WEB = "shop-main-g1-web-1"
CASES = {
    "drift": ("drift",),
    "drift-one": ("drift", "main", "--exit-code"),
    "drift-clean": ("drift", "shop-production", "--exit-code"),
    "drift-high": ("drift", "main", "--severity", "high", "--exit-code"),
    "drift-markdown": ("drift", "-o", "markdown", "--no-record"),
    "drift-junit": ("drift", "-o", "junit", "--no-record"),
    "drift-missing": ("drift", "mian"),
    "drift-all-and-one": ("drift", "main", "--all"),
    "drift-follow-junit": ("drift", "--follow", "-o", "junit"),
    "debug-dry-run": ("debug", "main", "web", "--dry-run"),
    "debug-missing": ("debug", "main", "nope"),
    "suggest-writable": ("suggest-writable", "main"),
}
ROWS = {"drift": ("drift", "main"), "debug-dry-run": ("debug", "main", "web", "--dry-run")}
Golden = Callable[[str, str], None]


class TouchedWorld(World):
    """The preview of main was touched, production was not."""

    def __init__(self, cache: Path) -> None:
        super().__init__()
        self.cache = cache
        self.examiner = MemoryExaminer(self.engine)
        self.session = memory_session(
            source=self.source, engine=self.engine, images=self.images, examiner=self.examiner
        )
        self.up("main")
        self.up("v1.0", Role.PRODUCTION)
        self.examiner.fields[WEB] = {"mem_limit": 67108864, "environment.COLOUR": "=red", "labels.x": "=<&|y"}
        self.examiner.changes[WEB] = (
            FileChange("/etc/passwd", ChangeKind.MODIFIED),
            FileChange("/srv/cache/x", ChangeKind.ADDED),
            FileChange("/tmp/\x1b[2Jx", ChangeKind.ADDED),
        )
        (web,) = (c for c in self.engine.contents()[0] if c.spec.name == WEB)
        at = self.session.clock() + timedelta(minutes=5)
        self.examiner.happenings.append(EngineHappening("container", "exec_create", "sh -c id", web.id, WEB, at))

    def said(self, *arguments: str) -> str:
        """Everything that a command says."""
        ran = self.run(*arguments, environment={"XDG_CACHE_HOME": str(self.cache)})
        return re.sub(r"value #[0-9a-f]{8}", "value #########", steady(ran.text()))


@pytest.fixture
def world(tmp_path: Path) -> TouchedWorld:
    return TouchedWorld(tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_text(name: str, world: TouchedWorld, golden: Golden) -> None:
    golden(f"{name}.txt", world.said(*CASES[name]))


@pytest.mark.parametrize("name", ROWS)
def test_data(name: str, world: TouchedWorld, golden: Golden) -> None:
    ran = world.run(*ROWS[name], "-o", "json", environment={"XDG_CACHE_HOME": str(world.cache)})
    golden(f"{name}.json", re.sub(r"value #[0-9a-f]{8}", "value #########", steady(ran.out)))
    assert json.loads(ran.out)


def test_a_test_report_can_be_read(world: TouchedWorld) -> None:
    ran = world.run("drift", "-o", "junit", "--no-record", environment={"XDG_CACHE_HOME": str(world.cache)})
    suite = ET.fromstring(ran.out.encode())
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_a_taint_is_noted_unless_it_is_not_wanted(world: TouchedWorld) -> None:
    assert "tainted" not in world.said("drift", "--no-record")
    assert "shop-main is tainted" in world.said("drift")
    assert "the ledger says that it was changed by hand" in world.said("drift")


def test_what_is_followed_is_told_line_by_line(world: TouchedWorld) -> None:
    ran = world.run("drift", "--follow", "--severity", "high", "-o", "json")
    kinds = [json.loads(line)["kind"] for line in ran.out.splitlines()]
    assert "command-run" in kinds
    assert ran.code == 0
