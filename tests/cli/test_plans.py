"""Plans that are shown: as text, as data, in colour, and what is asked because of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from previewer.cli.confirmation import confirm_replacement
from previewer.cli.invocation import Invocation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.plan import (
    CreateVolume,
    DisconnectContainer,
    Plan,
    RemoveContainer,
    RemoveNetwork,
    Step,
)
from previewer.domain.engine.specs import VolumeSpec
from previewer.errors import CancelledError
from tests.cli.runner import Terminal
from tests.worlds.cli import FILES, World

STORED = """\
services:
  web:
    image: registry.example/web:1
    ports: ["8080:80"]
    volumes: ["data:/data"]
volumes:
  data:
"""
REFERENCE = Path(__file__).parents[2] / "docs" / "cli.md"
SAID = "data is left behind: volumes start empty, and what is in data now is deleted with generation 1"
YELLOW = "\x1b[33m{}\x1b[0m"


@pytest.fixture
def world() -> World:
    """With an environment that keeps data, and a newer commit of its branch."""
    world = World()
    files = {**FILES, "compose.yaml": STORED, "envs/staging.yaml": "include: [../compose.yaml]\n"}
    world.source.commit("topic", files, subject="Keep data")
    world.up("topic")
    world.up("topic", Role.STAGING)
    world.source.commit("topic", {**files, "README": "more"}, subject="Say more")
    return world


def test_a_plan_as_data_says_what_stays_behind_and_what_is_not_as_written(world: World) -> None:
    ran = world.run("update", "topic", "--dry-run", "-o", "json")
    plan = json.loads(ran.out)
    assert list(plan) == ["title", "environment", "steps", "left_data", "notes"]
    assert (plan["environment"], plan["left_data"]) == ("shop-topic", [SAID])
    assert [note.partition(":")[0] for note in plan["notes"]] == ["web.ports"]
    assert {(step["verb"], step["removes"]) for step in plan["steps"]} >= {
        ("create volume", False),
        ("remove container", True),
        ("remove network", True),
        ("remove volume", True),
    }
    assert ran.err.startswith(f"warning: {SAID}\nweb.ports: ")


def test_the_keys_are_those_of_the_documentation(world: World) -> None:
    """docs/cli.md has an example and a table of the keys."""
    section = REFERENCE.read_text(encoding="utf-8").partition("\n## Plans\n")[2].partition("\n## ")[0]
    (text,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    shown, real = json.loads(text), json.loads(world.run("update", "topic", "--dry-run", "-o", "json").out)
    assert list(shown) == list(real)
    assert list(shown["steps"][0]) == list(real["steps"][0])
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    assert {key for row in rows for key in re.findall("`(.*?)`", row)} == {*real, *real["steps"][0]}
    assert shown["left_data"] == real["left_data"]
    assert shown["steps"][0]["cause"] in {step["cause"] for step in real["steps"]}
    assert shown["notes"] == real["notes"]


def test_a_plan_without_an_environment_of_its_own_says_so(world: World) -> None:
    plan = json.loads(world.run("down", "topic", "--dry-run", "-o", "json").out)
    gone = ["data is deleted: what is in data of shop-topic; snapshots stay"]
    assert (plan["environment"], plan["left_data"], plan["notes"]) == (None, gone, [])
    assert {step["removes"] for step in plan["steps"]} == {True}


def test_removals_are_coloured_on_a_terminal_only(world: World) -> None:
    coloured, plain = (world.run("down", "topic", "--dry-run", terminal=is_one).out for is_one in (True, False))
    for verb in ("disconnect", "remove container", "remove network", "remove volume"):
        assert YELLOW.format(verb) in coloured
    assert "\x1b" not in plain
    for escape in YELLOW.split("{}"):
        coloured = coloured.replace(escape, "")
    assert coloured == plain
    assert YELLOW.partition("{}")[0] not in world.run("up", "main", "--dry-run", terminal=True).out


@pytest.mark.parametrize(
    ("action", "removes"),
    [
        (DisconnectContainer("shop-web-1", ()), True),
        (RemoveContainer("shop-web-1"), True),
        (RemoveNetwork("shop_default"), True),
        (CreateVolume(VolumeSpec("remove-me", {}, {})), False),
    ],
)
def test_a_removal_is_one_by_what_it_does(
    action: DisconnectContainer | RemoveContainer | CreateVolume, removes: bool
) -> None:
    assert Step(action, "because").removes is removes


REPLACING = (Step(RemoveContainer("shop-web-1"), "another one has its ports"),)


@pytest.mark.parametrize(
    ("role", "left_data", "typed", "asked"),
    [
        (Role.PRODUCTION, (), "shop\n", "shop is production. Type its name to go on: "),
        (
            Role.PRODUCTION,
            ("the guests go",),
            "shop\n",
            "shop is production; the guests go. Type its name to go on: ",
        ),
        (Role.STAGING, ("the guests go",), "y\n", "Begin again; the guests go. Go on? [y/N] "),
        (Role.STAGING, (), "", ""),
        (Role.PREVIEW, ("the guests go",), "", ""),
    ],
)
def test_what_is_asked_is_decided_by_data_and_not_by_words(
    role: Role, left_data: tuple[str, ...], typed: str, asked: str
) -> None:
    notes = ("data is left behind: this is only a note",)
    plan = Plan("begin again", REPLACING, notes=notes, environment="shop", left_data=left_data)
    stdout, stderr = Terminal(), Terminal()
    invocation = Invocation(environment={}, stdin=Terminal(typed), stdout=stdout, stderr=stderr)
    confirm_replacement(invocation, role, plan)
    assert stderr.getvalue() == asked
    if asked:
        refusing = Invocation(environment={}, stdin=Terminal("begin\n"), stdout=stdout, stderr=stderr)
        with pytest.raises(CancelledError):
            confirm_replacement(refusing, role, plan)
