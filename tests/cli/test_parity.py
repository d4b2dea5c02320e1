"""The bytes of ``parity``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from previewer.domain.compose.definition import Role
from tests.cli.test_golden import steady
from tests.worlds.cli import FILES, HOSTILE_BRANCH, World

OTHER = """\
include: [../compose.yaml]
services:
  api: {environment: {COLOUR: "red", API_TOKEN: hunter22}, mem_limit: 64m}
x-previewer:
  role: production
  parity:
    allow:
      - {path: services.api.mem_limit, reason: production carries the load}
      - {path: services.web.labels.**, reason: "<nothing> & \\"none\\""}
"""
BARE = 'services:\n  web:\n    image: registry.example/web:1\n    environment: {MODE: "[red]\\u001b[31m"}\n'
CASES = {
    "parity": ("parity", "main", "changed:production"),
    "parity-undeclared": ("parity", "main", "changed:production", "--undeclared", "--exit-code"),
    "parity-same": ("parity", "main", "v1.0:preview", "--exit-code"),
    "parity-running": ("parity", "main", "shop-production", "--exit-code"),
    "parity-markdown": ("parity", "main", "changed:production", "-o", "markdown"),
    "parity-junit": ("parity", "main", "changed:production", "-o", "junit"),
    "parity-hostile": ("parity", f"{HOSTILE_BRANCH}:preview", "bare"),
    "parity-bare": ("parity", "bare", "bare:preview"),
    "parity-all": ("parity", "main", "changed:production", "--undeclared", "--same"),
    "parity-declare": ("parity", "main", "changed:production", "--declare", "commit", "--reason", "it is 'older'"),
    "parity-declare-unknown": ("parity", "main", "changed:production", "--declare", "services.api.mem_limit"),
    "parity-missing": ("parity", "mian", "main"),
    "parity-no-definition": ("parity", "main", "main:nope"),
    "parity-no-staging": ("parity",),
    "parity-probe-nothing": ("parity", "main", "shop-production", "--probe"),
}
Golden = Callable[[str, str], None]
_HASH = re.compile(r"value #[0-9a-f]{8}")


@pytest.fixture
def world() -> World:
    """A preview of main and a production, a branch with another production, and one with a lone Compose file."""
    made = World()
    made.source.commit("changed", {**FILES, "envs/production.yaml": OTHER}, subject="Another production")
    made.source.commit("bare", {"compose.yaml": BARE}, subject="One file")
    made.up("main")
    made.up("v1.0", Role.PRODUCTION)
    return made


def said(world: World, *arguments: str) -> str:
    """Everything that a command says, with hashes made equal."""
    return _HASH.sub("value #########", steady(world.run(*arguments).text()))


@pytest.mark.parametrize("name", CASES)
def test_text(name: str, world: World, golden: Golden) -> None:
    printed = said(world, *CASES[name])
    assert "hunter22" not in printed
    assert "\x1b" not in printed
    golden(f"{name}.txt", printed)


def test_data(world: World, golden: Golden) -> None:
    ran = world.run("parity", "main", "changed:production", "-o", "json")
    found = json.loads(ran.out)
    assert (found["undeclared"], found["declared"]) == (
        sum(not difference["declared"] for difference in found["differences"]),
        sum(difference["declared"] for difference in found["differences"]),
    )
    golden("parity.json", _HASH.sub("value #########", steady(ran.out)))


def test_an_entry_is_committed_to_a_branch_that_has_it_then(world: World) -> None:
    arguments = ("--reason", "previews cost $0", "--commit-to", "meant")
    path = "services.api.environment.COLOUR"
    ran = world.run("parity", "main:production", "changed:production", "--declare", path, *arguments)
    (commit, *_) = world.source.commits("meant", limit=1)
    assert (ran.code, ran.out.strip()) == (0, commit.id)
    again = world.run("parity", "main:production", "changed:production", "--declare", "commit", *arguments)
    assert again.out.strip() == world.source.resolve("meant").commit.id != commit.id
    found = json.loads(world.run("parity", "meant:production", "changed:production", "-o", "json").out)
    reasons = {one["path"]: one["reason"] for one in found["differences"]}
    assert (reasons[path], reasons["commit"]) == ("previews cost $0", "previews cost $0")


def test_a_test_report_can_be_read(world: World) -> None:
    ran = world.run("parity", f"{HOSTILE_BRANCH}:preview", "bare", "-o", "junit")
    suite = ET.fromstring(ran.out.encode())
    failing = suite.findall("testcase/failure")
    assert (suite.get("tests"), suite.get("failures")) == (str(len(suite)), str(len(failing)))
    assert failing
