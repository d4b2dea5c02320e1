"""Home as a cockpit: quick filters, order, fuzzy filter, cards, the pane, figures, jobs; levels of log lines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from previewer.domain.commit.revision import Branch, BranchView, RefKind
from previewer.domain.compose.definition import Role
from previewer.domain.engine.usage import Usage, UsageSample
from previewer.domain.environment.environment import OverviewRow
from previewer.engine.protocol import LogLine
from previewer.tui.present.home import QUICK, filter_rows, home_rows, marked_name
from previewer.tui.present.log_levels import Level, level_of
from previewer.tui.present.logs import LogShape, matches
from previewer.tui.present.text import text_of
from previewer.tui.present.usage import bar, cpu_line, limit_line, percent, sparkline
from tests.worlds.tui import NOW, World, terminal_of


def row(name: str, *, days: int = 1, kind: RefKind = RefKind.BRANCH, is_current: bool = False) -> OverviewRow:
    commit, at = "c" * 40, NOW - timedelta(days=days)
    return OverviewRow(Branch(name, commit, at, "Ada", "subject", is_current=is_current, kind=kind), None)


ROWS = (
    row("feature/dark-theme", days=1),
    row("old", days=200),
    row("main", days=9, is_current=True),
    row("v1.0", kind=RefKind.TAG),
    row("refs/pull/7/head", kind=RefKind.PULL_REQUEST),
)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("activity", ["main", "feature/dark-theme", "old", "v1.0", "pull request 7"]),
        ("name", ["feature/dark-theme", "main", "old", "pull request 7", "v1.0"]),
        ("age", ["feature/dark-theme", "v1.0", "pull request 7", "main", "old"]),
    ],
)
def test_order(sort: str, names: list[str]) -> None:
    assert [one.name for one in home_rows(ROWS, BranchView(default="main"), sort=sort)] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dkthm", ["feature/dark-theme"]),
        ("THEME dark", ["feature/dark-theme"]),
        ("pull", ["pull request 7"]),
        ("nothing of this", []),
        ("ada", ["main", "feature/dark-theme", "old", "v1.0", "pull request 7"]),
    ],
)
def test_fuzzy_filter(text: str, names: list[str]) -> None:
    assert [one.name for one in filter_rows(home_rows(ROWS, BranchView()), text)] == names


def test_quick_filters_count_what_they_show() -> None:
    rows = home_rows(ROWS, BranchView())
    shown = {
        quick.label: len(filter_rows(rows, "", quick=number, user="Ada")) for number, quick in enumerate(QUICK)
    }
    assert shown == {"all": 5, "up": 0, "behind": 0, "failed": 0, "mine": 5, "elsewhere": 2}


@pytest.mark.parametrize(
    ("text", "letters"), [("dark", "dark"), ("dkth", "dkth"), ("xyz", ""), ("fea dark", "feadark")]
)
def test_letters_that_were_found_are_marked(text: str, letters: str) -> None:
    name = "feature/dark-theme"
    assert "".join(name[place] for place in sorted(marked_name(name, text))) == letters


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026-01-01 ERROR it broke", Level.ERROR),
        ("level=warn msg=slow", Level.WARNING),
        ('{"level": "error", "msg": "x"}', Level.ERROR),
        ("[debug] hm", Level.DEBUG),
        ("Traceback (most recent call last):", Level.ERROR),
        ("GET /errors 200", Level.INFO),
        ("no error was found", Level.INFO),
    ],
)
def test_levels(text: str, level: Level) -> None:
    assert level_of(text) is level


@pytest.mark.parametrize(
    ("shape", "texts"),
    [
        (LogShape(search="get"), ["GET /a 200"]),
        (LogShape(search="/a .00|boom/"), ["GET /a 200", "ERROR boom"]),
        (LogShape(search="/(/"), []),
        (LogShape(search="get", is_inverted=True), ["ERROR boom"]),
        (LogShape(search="get", hides_rest=False), ["GET /a 200", "ERROR boom"]),
        (LogShape(level=Level.WARNING), ["ERROR boom"]),
    ],
)
def test_which_log_lines_are_shown(shape: LogShape, texts: list[str]) -> None:
    lines = [LogLine("c", "web", None, text, is_error=False) for text in ("GET /a 200", "ERROR boom")]
    assert [line.text for line in lines if matches(line, shape)] == texts


def test_figures() -> None:
    usage = Usage(0.25, 24 * 1024**2, 96 * 1024**2, history=(0.0, 0.25))
    assert text_of(cpu_line(usage)) == "▁▁▁█   25 %"
    assert text_of(limit_line(usage)) == "  24M /   96M ▓░░░"
    assert (percent(0.004), percent(1.5)) == ("0.4 %", "150 %")
    assert (bar(0, 3), bar(0.5, 4), bar(7, 3)) == ("░░░", "▓▓░░", "▓▓▓")
    assert sparkline([], 3) == "▁▁▁"


async def test_the_pane_shows_what_is_under_the_cursor(world: World) -> None:
    world.up("main", Role.PRODUCTION)
    world.source.tag("v1.0.0", world.source.resolve("main").commit)
    world.commit("main", "A newer commit")
    world.up("main", Role.STAGING)
    async with terminal_of(world.session, size=(140, 40)) as terminal:
        await terminal.until_shown("PRODUCTION", "v1.0.0", "↑ 1 commit ahead", "P promotes them")
        await terminal.press("g")
        await terminal.until_shown("─ services", "─ last lines", "listening on 80", "─ history")
        await terminal.press("slash", *"gstbk", "enter")
        await terminal.until_shown("nothing runs here", "─ commits", "Add a guest book", "1 of 6 rows")


async def test_figures_appear_for_what_is_in_sight(world: World) -> None:
    environment = world.up("main")
    for service in environment.services:
        for container in service.containers:
            at = NOW + timedelta(seconds=1)
            world.engine.samples.append(UsageSample(container.name, at, 0.5, 10 * 1024**2, 0, 0, 0))
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("150 %", "30M")
        await terminal.press("g", "enter")
        await terminal.until_on("EnvironmentScreen")
        await terminal.until_shown("Memory / limit", "10M")


async def test_jobs_are_listed_with_their_command_lines(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main*", "Memory")
        await terminal.press("g", "u")
        await terminal.until_shown("create container", "makes 3 containers")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
        await terminal.press("escape", "J")
        await terminal.until_on("JobsScreen")
        await terminal.until_shown("up main", "$ previewer up main")
        await terminal.press("enter")
        await terminal.until_on("ProgressScreen")


async def test_quick_filters_and_order_by_key(world: World) -> None:
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("2")
        await terminal.until_shown("[2 up 1]")
        assert "main*" not in terminal.text
        await terminal.press("escape", "O")
        await terminal.until_shown("main*", "by name")
