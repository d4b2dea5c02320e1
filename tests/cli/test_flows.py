"""What commands do, and what they ask before they do it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.policy.table import RULES
from previewer.engine.protocol import Selection
from previewer.records.environments import list_environments
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.session import memory_session
from tests.worlds.cli import World

QUIET = ("--progress", "quiet")


@pytest.fixture
def world() -> World:
    return World()


def names(world: World) -> list[str]:
    return [environment.name for environment in list_environments(world.session)]


def test_up_prints_urls_and_makes_the_environment(world: World) -> None:
    ran = world.run("up", "main", *QUIET)
    assert (ran.code, ran.err) == (0, "")
    header, row = ran.out.splitlines()
    assert header.split() == ["SERVICE", "PORT", "URL"]
    assert row.split()[:2] == ["web", "80"]
    assert row.split()[2].startswith("http://127.0.0.1:")
    assert names(world) == ["shop-main"]


def test_up_as_json_says_all_and_that_nothing_changed_the_second_time(world: World) -> None:
    first, second = (json.loads(world.run("up", "main", *QUIET, "-o", "json").out) for _ in range(2))
    assert (first.pop("changed"), second.pop("changed")) == (True, False)
    assert first == second
    assert set(first) >= {
        "environment", "role", "branch", "commit", "release", "state", "url", "urls", "created_at", "expires_at"
    }  # fmt: skip
    assert first["urls"] == {"web": [first["url"]]}


def test_up_options_reach_the_operation(world: World) -> None:
    ran = world.run("up", "main", "--name", "mine", "--ttl", "1d12h", "--role", "production", *QUIET, "-o", "json")
    made = json.loads(ran.out)
    assert (made["environment"], made["role"]) == ("mine", "production")
    assert (made["created_at"], made["expires_at"]) == ("2026-03-01T12:00:00Z", "2026-03-03T00:00:00Z")


def test_dry_runs_change_nothing(world: World) -> None:
    world.up("main")
    before = world.session.engine
    assert world.run("up", "feature/guest-book", "--dry-run").code == 0
    assert world.run("down", "main", "--dry-run").code == 0
    assert world.run("down", "--all", "--dry-run").code == 0
    assert world.run("prune", "--dry-run").code == 0
    assert world.session.engine is before
    assert names(world) == ["shop-main"]


def test_up_shows_progress_on_standard_error_only(world: World) -> None:
    plain = world.run("up", "main", "--progress", "plain")
    assert "✔ build web" in plain.err or "✔ " in plain.err
    assert "…" not in plain.out
    lines = world.run("down", "main", "--progress", "json").err.splitlines()
    events = [json.loads(line) for line in lines]
    assert {event["event"] for event in events} == {"started", "finished"}


def test_failed_build_ends_with_one_and_tells_the_step(world: World) -> None:
    world.images.failing = {"web"}
    ran = world.run("up", "main", *QUIET)
    assert ran.code == 1
    assert ran.out == ""
    assert "RUN false: exit code 1" in ran.err
    assert names(world) == []


def test_down_of_what_has_expired_leaves_the_rest(world: World) -> None:
    world.run("up", "main", "--ttl", "90m", *QUIET)
    world.run("up", "feature/guest-book", "--ttl", "never", *QUIET)
    early = world.run("down", "--expired", *QUIET)
    assert (early.code, early.err) == (0, "no environment has expired\n")
    later = world.session.clock() + timedelta(minutes=90)
    world.session = memory_session(source=world.source, engine=world.engine, images=world.images, now=later)
    assert json.loads(world.run("down", "--expired", *QUIET, "-o", "json").out)["environments"] == [
        {"environment": "shop-main", "result": "removed", "bytes_freed": 0}
    ]
    assert names(world) == ["shop-feature-guest-book-" + names(world)[0].rpartition("-")[2]]


def test_up_says_what_has_ended_already(world: World) -> None:
    world.engine.behaviours["web"] = Behaviour(exit_code=7, looks=2)
    ran = world.run("up", "main", *QUIET)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("warning: web of shop-main: failed right after its start\nhint: ")


def test_down_of_a_named_preview_asks_nothing(world: World) -> None:
    world.up("main")
    ran = world.run("down", "main", *QUIET)
    expected = ["ENVIRONMENT", "RESULT", "FREED", "shop-main", "removed", "0", "bytes"]
    assert (ran.code, ran.out.split(), ran.err) == (0, expected, "")
    assert names(world) == []
    again = world.run("down", "main", *QUIET)
    assert again.code == 0
    assert "shop-main    already gone" in again.out


@pytest.mark.parametrize(
    ("typed", "code", "left"),
    [("y\n", 0, 0), ("yes\n", 0, 0), ("\n", 130, 2), ("n\n", 130, 2), ("", 130, 2), ("shop-main\n", 130, 2)],
)
def test_down_all_asks_on_a_terminal_and_no_is_the_default(typed: str, code: int, left: int, world: World) -> None:
    world.up("main")
    world.up("feature/guest-book")
    ran = world.run("down", "--all", *QUIET, terminal=True, typed=typed)
    assert (ran.code, len(names(world))) == (code, left)
    assert ran.err.startswith("Remove 2 environments (")


@pytest.mark.parametrize("environment", [{}, {"CI": "true", "NO_COLOR": "1"}])
def test_no_question_is_asked_without_a_terminal_or_in_ci(environment: dict[str, str], world: World) -> None:
    world.up("main")
    ran = world.run("down", "--all", terminal=bool(environment), typed="y\n", environment=environment)
    assert ran.code == 2
    assert "hint: pass --yes" in ran.err
    assert names(world) == ["shop-main"]
    assert world.run("down", "--all", "--yes", *QUIET).code == 0
    assert names(world) == []


@pytest.mark.parametrize(
    ("typed", "code"), [("shop-production\n", 0), ("y\n", 130), ("shop-main\n", 130), ("\n", 130)]
)
def test_production_is_removed_only_by_its_name(typed: str, code: int, world: World) -> None:
    world.up("main", Role.PRODUCTION)
    ran = world.run("down", "shop-production", *QUIET, terminal=True, typed=typed)
    assert ran.code == code
    assert (names(world) == []) is (code == 0)
    assert "shop-production is production." in ran.err


@pytest.mark.parametrize(("typed", "code"), [("shop-production\n", 0), ("y\n", 130), ("\n", 130)])
def test_production_is_replaced_only_by_its_name(typed: str, code: int, world: World) -> None:
    world.up("main", role=Role.PRODUCTION)
    again = ("up", "main", "--role", "production", "--no-cache", *QUIET)
    assert world.run(*again, terminal=True, typed="").code == 0, "what runs already is not replaced"
    other = ("up", "feature/guest-book", "--role", "production", *QUIET)
    assert world.run(*other).code == 2, "there is no terminal to ask on"
    assert world.run(*other, terminal=True, typed=typed).code == code
    assert world.run(*other, "--yes").code == 0


def test_production_is_kept_where_no_question_can_be_asked(world: World) -> None:
    world.up("main", Role.PRODUCTION)
    assert world.run("down", "shop-production").code == 2
    assert names(world) == ["shop-production"]


def test_prune_asks_and_says_how_much(world: World) -> None:
    world.up("main")
    world.run("down", "main", *QUIET)
    kept = world.run("prune", "--keep", "0", *QUIET, terminal=True, typed="\n")
    assert kept.code == 130
    assert kept.err.startswith("Remove 1 image, 976.6 KiB? [y/N] ")
    gone = world.run("prune", "--keep", "0", "--yes", *QUIET)
    assert gone.code == 0
    assert gone.err == "1 image, 976.6 KiB freed\n"
    assert world.run("prune", "--dry-run").err == "nothing to remove\nhint: --kept lists what stays, and why\n"


def test_logs_come_with_their_service(world: World) -> None:
    world.up("main")
    ran = world.run("logs", "main", "-n", "5", "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    assert all(
        set(json.loads(line)) == {"at", "service", "container", "stream", "text"} for line in ran.out.splitlines()
    )


def test_colour_only_where_it_is_wanted(world: World) -> None:
    world.up("main")
    assert "\x1b[" not in world.run("ls").out
    assert "\x1b[32m" in world.run("ls", terminal=True).out
    assert "\x1b[" not in world.run("ls", terminal=True, environment={"NO_COLOR": "1"}).out
    assert "\x1b[" not in world.run("ls", "--color", "never", terminal=True).out
    assert "\x1b[32m" in world.run("--color", "always", "ls").out


def test_tables_are_cut_on_terminals_only(world: World) -> None:
    world.up("main")
    assert max(map(len, world.run("branches").out.splitlines())) > 200
    narrow = world.run("branches", "--color", "never", terminal=True).out
    assert max(map(len, narrow.splitlines())) <= 80


def test_exit_code_of_status(world: World) -> None:
    world.up("main")
    assert world.run("status", "main", "--exit-code").code == 0
    for container in world.session.engine.observe(Selection()).containers:
        world.session.engine.remove_container(container.name)
    assert world.run("status", "main").code == 0
    assert world.run("status", "main", "--exit-code").code == 4


def test_open_prints_the_url_that_the_browser_gets(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser

    opened: list[str] = []

    def remember(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", remember)
    world.up("main")
    ran = world.run("open", "main")
    assert ran.out == f"{opened[0]}\n"
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert world.run("open", "main").code == 1


def test_init_writes_what_it_said_and_overwrites_nothing(world: World, tmp_path: Path) -> None:
    world.source.location = str(tmp_path)
    planned = json.loads(world.run("init", "--dry-run", "-o", "json").out)
    assert not list(tmp_path.iterdir())
    written = json.loads(world.run("init", "-o", "json").out)
    assert [row["path"] for row in written] == [row["path"] for row in planned]
    assert all((tmp_path / row["path"]).is_file() for row in written)
    assert {row["result"] for row in json.loads(world.run("init", "-o", "json").out)} == {"kept"}


def test_init_says_whether_the_repository_would_run_and_writes_nothing(world: World, tmp_path: Path) -> None:
    world.source.location = str(tmp_path)
    checked = world.run("init", "--check", "-o", "json")
    assert [row["verdict"] for row in json.loads(checked.out)] == ["ok", "ok"]
    assert checked.code == 0
    assert not list(tmp_path.iterdir())


def test_policy_shows_every_rule_if_asked(world: World) -> None:
    found = json.loads(world.run("policy", "fix/rights", "-o", "json").out)
    every = json.loads(world.run("policy", "fix/rights", "--all", "-o", "json").out)
    assert [row for row in every if row["verdict"] != "clear"] == found
    assert {row["rule"] for row in every} == {rule.id for rule in RULES}
