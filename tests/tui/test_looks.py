"""Screens that look closer: drift, containers, history, releases, parity, differences; and the marks on home."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.compose.definition import Role
from previewer.domain.engine.examination import ChangeKind, Examination, FileChange
from previewer.tui.messages import EnvironmentsRead
from tests.worlds.tui import FILES, Terminal, World, terminal_of

PRODUCTION = """\
include: [../compose.yaml]
x-previewer:
  role: production
  parity:
    allow:
      - {path: services.store.mem_limit, reason: production holds more}
      - {path: services.api.user, reason: never differs}
services:
  store: {mem_limit: 512m}
  web: {environment: {MODE: live}}
"""


def define_production(world: World) -> None:
    """A production of its own on main."""
    files = {**FILES, "envs/production.yaml": PRODUCTION}
    world.source.commit("main", files, subject="A larger production")


async def open_first(terminal: Terminal, *keys: str) -> None:
    """Into the environment of the first row, then more keys."""
    await terminal.until_shown("◉ running", "main*")
    await terminal.press("g", "enter")
    await terminal.until_on("EnvironmentScreen")
    await terminal.until_shown("1 Overview")
    await terminal.press(*keys)


async def test_drift_is_marked_on_home_and_noted_by_its_tab(world: World) -> None:
    environment = world.up("main")
    web = next(s for s in environment.services if s.name == "web").containers[0].name
    world.examiner.fields[web] = {"user": "0:0"}
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running ≠")
        assert not world.environment("shop-main").is_tainted, "looking at home notes nothing"
        world.touch("shop-main")
        await terminal.press("g", "d")
        await terminal.until_shown("a command was run in it", "✖ high", "why", "R does it")
        await terminal.until(lambda: world.environment("shop-main").is_tainted)
        await terminal.until_shown("⚑ tainted")
        await terminal.press("escape")
        await terminal.until_shown("◉ running ⚑")
        await terminal.press("g", "R")
        await terminal.until_shown("Replace shop-main?", "create container")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
        await terminal.press("escape")
        await terminal.until(lambda: "⚑" not in terminal.text)
    assert not world.environment("shop-main").is_tainted


async def test_findings_show_both_values_and_are_looked_at_again(world: World) -> None:
    environment = world.up("main")
    web = next(s for s in environment.services if s.name == "web").containers[0].name
    async with terminal_of(world.session) as terminal:
        await open_first(terminal, "4")
        await terminal.until_shown("✔ as it was frozen")
        world.examiner.fields[web] = {"user": "0:0"}
        world.examiner.changes[web] = (
            FileChange("/etc/passwd", ChangeKind.MODIFIED),
            FileChange("/app/__pycache__/a.cpython-311.pyc", ChangeKind.ADDED),
        )
        await terminal.press("r")
        await terminal.until_shown(
            "0:0", "≠ 3 findings  1 path that programs write in every run", "live", "remedy"
        )


async def test_what_of_the_history_was_passed_over_is_told_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = world.up("main")
    told: list[str] = []
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        monkeypatch.setattr(terminal.app, "tell", lambda message, **_how: told.append(message))
        entries = ("entry 7: drop it", "entry 8: drop it")
        terminal.app.post_message(EnvironmentsRead((environment,), faults=entries[:1]))
        await terminal.until(lambda: len(told) == 1)
        terminal.app.post_message(EnvironmentsRead((environment,), faults=entries))
        await terminal.until(lambda: len(told) == 2)
    assert tuple(told) == entries


async def test_containers_show_their_restarts(world: World) -> None:
    world.up("main")
    real = world.examiner.examine

    def restarted(installation: str, **options: str) -> Examination:
        seen = real(installation, **options)
        often = tuple(replace(c, restarts=7) if c.service == "api" else c for c in seen.containers)
        return replace(seen, containers=often)

    world.examiner.examine = restarted  # type: ignore[method-assign]
    async with terminal_of(world.session) as terminal:
        await open_first(terminal, "2")
        await terminal.until_shown("Restarts", "shop-main-g1-api-1", "shop-main-g1-store-1")
        (row,) = (found for found in terminal.text.splitlines() if "shop-main-g1-api-1" in found)
        assert " 7 " in row


async def test_history_of_one_environment(world: World) -> None:
    world.up("main")
    world.up("feature/guest-book")
    world.commit("main", "A newer commit")
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("slash", *"main", "enter", "g", "h")
        await terminal.until_shown("Action", "replace", "generation 2")
        rows = [found for found in terminal.text.splitlines() if "generation " in found and "2024-" in found]
        assert len(rows) == 2, "the newest first, and none of another environment"
        assert "replace" in rows[0]


async def test_the_release_of_an_environment(world: World) -> None:
    environment = world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", "i")
        await terminal.until_shown(
            environment.ownership.release, "Images", "Provenance", "· unsigned", "Open the shop"
        )


async def test_parity_of_staging_and_production_is_always_visible(world: World) -> None:
    define_production(world)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("○ staging and production are not up")
        world.up("main", Role.STAGING)
        await terminal.until_shown("○ production is not up")
        world.up("main", Role.PRODUCTION)
        await terminal.until_shown("1 undeclared · 1 declared", "p side by side")


async def test_parity_of_equal_environments(world: World) -> None:
    world.up("main", Role.STAGING)
    world.up("main", Role.PRODUCTION)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("✔ 100 %")
        await terminal.press("p")
        await terminal.until_shown("parity 100 %", "✔ nothing differs")


async def test_parity_side_by_side(world: World) -> None:
    define_production(world)
    world.up("main", Role.STAGING)
    world.up("main", Role.PRODUCTION)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("1 undeclared")
        await terminal.press("p")
        await terminal.until_on("ParityScreen")
        await terminal.until_shown("STAGING", "PRODUCTION", "1 undeclared · 1 declared", "1 stale")
        lines = terminal.text.splitlines()
        (undeclared,) = (n for n, found in enumerate(lines) if "✖ web environment.MODE" in found)
        (declared,) = (n for n, found in enumerate(lines) if "▲ store mem_limit" in found)
        (stale,) = (n for n, found in enumerate(lines) if "? stale" in found)
        assert undeclared < declared < stale
        await terminal.press("s")
        await terminal.until_shown("parity › production | staging", "1 stale")
        await terminal.press("left_square_bracket", *"definition preview", "enter")
        await terminal.until_shown("parity › main:preview | staging", "parity 1")
        await terminal.press("right_square_bracket", *"nowhere:at all", "enter")
        await terminal.until_shown("✖", "[ ] choose other sides")
        await terminal.press("escape")
        await terminal.until_on("HomeScreen")


async def test_two_marked_environments_are_compared(world: World) -> None:
    world.up("main")
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        await terminal.until(lambda: len(terminal.app.app_state.environments or ()) == 2)
        await terminal.press("g", "space", "space", "p")
        await terminal.until_on("ParityScreen")
        await terminal.until_shown("web image", "MAIN", "FEATURE-GUEST-BOOK")


async def test_parity_is_compared_again_when_an_environment_changes(world: World) -> None:
    world.up("main", Role.STAGING)
    world.up("main", Role.PRODUCTION)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("100 %")
        await terminal.press("p")
        await terminal.until_shown("parity 100 %")
        world.commit("main", "A newer commit")
        world.up("main", Role.STAGING)
        await terminal.until_shown("web image", "UNDECLARED 2")


async def test_what_changed_between_releases(world: World) -> None:
    world.up("main", Role.PRODUCTION)
    world.commit("main", "A newer commit")
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main* production")
        await terminal.press("slash", *"preview", "enter", "g", "v")
        await terminal.until_on("DiffScreen")
        await terminal.until_shown(
            "shop-production → shop-main", "+ added", "A newer commit", "~ changed", "preview web"
        )
        await terminal.press("s")
        await terminal.until_shown("shop-main → shop-production", "- removed")
        await terminal.press("left_square_bracket", *"production", "enter")
        await terminal.until_shown("✔ the same release")
        await terminal.press("right_square_bracket", *"nothing-of-the-kind", "enter")
        await terminal.until_shown("✖ there is no such release", "choose other releases")
