"""Commands about the life of environments: their bytes and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import yaml

from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.session import DEFAULT_NOW
from tests.cli.test_golden import make_world, steady
from tests.worlds.cli import World

Golden = Callable[[str, str], None]
QUIET = ("--progress", "quiet")
CASES = {
    "extend": ("extend", "main", "2d"),
    "extend-dry-run": ("extend", "main", "never", "--dry-run"),
    "extend-bad-ttl": ("extend", "main", "soon"),
    "extend-missing": ("extend", "mian", "2d"),
    "pin": ("pin", "main"),
    "pin-dry-run": ("pin", "main", "--dry-run"),
    "sleep": ("sleep", "main", *QUIET),
    "sleep-dry-run": ("sleep", "main", "shop-production", "--dry-run"),
    "sleep-missing": ("sleep", "main", "mian", *QUIET),
    "wake-awake": ("wake", "main", "--progress", "plain"),
    "watch-dry-run": ("watch", "--branches", "feature/*", "--dry-run"),
    "watch-nothing-named": ("watch", "--once"),
    "down-merged-none": ("down", "--merged", *QUIET),
    "down-all-dry-run": ("down", "--all", "--dry-run"),
    "url-asleep": ("url", "main"),
    "url-asleep-service": ("url", "main", "web"),
    "status-gone-missing": ("status", "main", "--gone"),
    "logs-gone-missing": ("logs", "main", "--gone"),
    "logs-gone-follow": ("logs", "main", "--gone", "--follow"),
}
ROWS = {
    "extend": ("extend", "main", "2d"),
    "pin": ("pin", "main"),
    "sleep": ("sleep", "main", *QUIET),
    "sleep-dry-run": ("sleep", "main", "--dry-run"),
    "wake": ("wake", "main", *QUIET),
}


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.parametrize("name", CASES)
def test_text(name: str, world: World, golden: Golden) -> None:
    if "asleep" in name:
        assert world.run("sleep", "main", *QUIET).code == 0
    golden(f"{name}.txt", steady(world.run(*CASES[name]).text()))


@pytest.mark.parametrize("name", ROWS)
def test_data(name: str, world: World, golden: Golden) -> None:
    as_json = world.run(*ROWS[name], "-o", "json")
    golden(f"{name}.json", steady(as_json.out))
    assert as_json.code == 0
    as_yaml = make_world().run(*ROWS[name], "-o", "yaml")
    assert yaml.safe_load(as_yaml.out) == json.loads(as_json.out)


def test_a_tombstone(world: World, golden: Golden) -> None:
    world.engine.behaviours["web"] = Behaviour(lines=("listening",), error_lines=("\x1b[2J[/bold] oops",))
    world.up("feature/guest-book")
    world.run("down", "feature/guest-book", *QUIET)
    golden("status-gone.txt", steady(world.run("status", "feature/guest-book", "--gone").text()))
    golden("status-gone.json", steady(world.run("status", "feature/guest-book", "--gone", "-o", "json").out))
    golden("logs-gone.txt", world.run("logs", "feature/guest-book", "--gone").text())
    lost = world.run("status", "feature/guest-book")
    assert lost.code == 6
    assert "previewer status --gone shop-feature-guest-book" in lost.err


def test_ls_warns_and_marks(world: World, golden: Golden) -> None:
    world.run("extend", "main", "40m")
    world.run("pin", "shop-production")
    world.run("sleep", "main", *QUIET)
    golden("ls-marks.txt", steady(world.run("ls").text()))
    warned = world.run("ls").err
    assert "warning: shop-main expires in 40m" in warned
    assert "hint: `previewer extend shop-main 2d` lets it live longer" in warned


def test_what_has_expired_is_said_and_only_previews_go(world: World) -> None:
    world.run("extend", "main", "1m")
    world.run("extend", "shop-production", "1m")
    world.session.clock = lambda: DEFAULT_NOW + timedelta(hours=1)
    assert "warning: expired: " in world.run("ls").err
    ran = world.run("down", "--expired", *QUIET)
    assert ran.code == 0
    assert "shop-production stays: it is for production" in ran.err
    assert [row["environment"] for row in json.loads(world.run("ls", "-o", "json").out)] == ["shop-production"]
    again = world.run("down", "--expired", "--role", "production", "--yes", *QUIET)
    assert again.code == 0
    assert world.run("ls").out == ""


def test_watch_once_says_by_its_code_what_failed(world: World) -> None:
    fine = world.run("watch", "--branches", "feature/guest*", "--once", *QUIET)
    assert fine.code == 0
    failed = world.run("watch", "--branches", "broken", "--once", "--progress", "plain")
    assert failed.code == 1
    assert "services.web.imag" in failed.err
    assert world.run("watch", "--branches", "broken", "--once", *QUIET).code == 0, "not again at this commit"
