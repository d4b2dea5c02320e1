"""What is shown is true: focus, ages, touches, merged logs, remote branches, and what no engine confirms."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.color import Color

from previewer.deployment.drift import check_drift
from previewer.domain.commit.revision import Branch, Commit
from previewer.domain.engine.examination import EngineHappening
from previewer.domain.environment.environment import OverviewRow, overview, without_remote_doubles
from previewer.engine.protocol import LogLine
from previewer.present.values import Tone
from previewer.tui.context import AppState
from previewer.tui.log_rings import MOST_LINES, LogRings
from previewer.tui.present.home import row_lines
from previewer.tui.present.text import text_of
from previewer.tui.screens.environment import EnvironmentScreen
from previewer.tui.screens.home import HomeScreen
from previewer.tui.seen_touches import SeenTouches
from previewer.tui.themes import DARK, DARK_16, DARK_256, theme_for
from tests.worlds.tui import NOW, World, terminal_of


def log_line(service: str, second: float | None, text: str = "") -> LogLine:
    at = None if second is None else NOW + timedelta(seconds=second)
    return LogLine(f"shop-{service}-1", service, at, text or f"{service} {second}", is_error=False)


def branch(name: str, *, commit: str = "c" * 40, is_remote: bool = False) -> Branch:
    return Branch(name, commit, NOW - timedelta(days=1), "Ada", "Open the shop", is_remote=is_remote)


async def test_the_first_rows_have_the_focus_however_late_they_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, branches = threading.Event(), world.source.branches

    def branches_behind_gate(*, remote: bool = False) -> tuple[Branch, ...]:
        gate.wait(30)
        return branches(remote=remote)

    monkeypatch.setattr(world.source, "branches", branches_behind_gate)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("reading branches")
        gate.set()
        await terminal.until_shown("feature/dark-theme")
        await terminal.press("j", "down")
        home = terminal.app.screen
        assert isinstance(home, HomeScreen)
        assert home.table.cursor_row == 2


async def test_a_filter_that_finds_nothing_gives_the_focus_back(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/dark-theme")
        await terminal.press("slash", *"zzz", "enter")
        await terminal.until_shown("none of 4 branches")
        await terminal.press("escape", "j")
        home = terminal.app.screen
        assert isinstance(home, HomeScreen)
        assert home.table.cursor_row == 1


async def test_ages_go_on_while_nothing_happens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.up("main")
    now = NOW
    monkeypatch.setattr(world.session, "clock", lambda: now)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "3d 11h")
        now = NOW + timedelta(days=2)
        terminal.app.redraw_ages()
        await terminal.until_shown("5d")
        await terminal.press("g", "enter")
        await terminal.until_shown("made 2d ago")
        now = NOW + timedelta(days=3)
        terminal.app.redraw_ages()
        await terminal.until_shown("made 3d ago")


@pytest.mark.parametrize(
    ("ages", "is_due"), [((30,), True), ((3_000,), False), ((3_000, 10), False), ((10, 3_000), True)]
)
def test_only_what_is_young_is_drawn_each_second(ages: Sequence[int], is_due: bool) -> None:
    branches = tuple(Branch(str(age), "c" * 40, NOW - timedelta(seconds=age), "Ada", "x") for age in ages)
    assert AppState(branches=branches).has_younger_than(timedelta(minutes=1), NOW) is is_due


async def test_a_command_in_a_container_is_marked_on_home_and_told(world: World) -> None:
    name = world.up("main").name
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        world.touch(name)
        await terminal.press("r")
        await terminal.until_shown("◉ running ⚑")
        await terminal.until(lambda: [n for n in terminal.app._notifications if f"{name} is tainted" in n.title])
        assert len([n for n in terminal.app._notifications if "tainted" in n.title]) == 1
    assert world.environment(name).is_tainted


def test_health_checks_are_learned_and_other_commands_are_not(world: World) -> None:
    environment = world.up("main")
    container = environment.services[0].containers[0]

    def run(command: str, at: datetime = NOW) -> EngineHappening:
        return EngineHappening("container", "exec_create", command, container.id, container.name, at)

    touches = SeenTouches()
    assert touches.take([run(" curl localhost")])
    touches.learn(touches.happenings(), check_drift(world.session))
    assert not touches.take([run(" curl localhost", NOW + timedelta(seconds=1))])
    assert touches.take([run(" sh")])
    assert not touches.take([EngineHappening("container", "exec_start", "", container.id, container.name, NOW)])
    assert len(touches.happenings()) == 2


TIMES = st.lists(st.tuples(st.sampled_from(["api", "store", "web"]), st.integers(0, 50)), max_size=60)


@given(TIMES)
def test_lines_of_all_services_are_merged_by_time(times: list[tuple[str, int]]) -> None:
    rings = LogRings()
    for service, second in times:
        rings.add([log_line(service, second)])
    merged = [line.at for line in rings.lines(None)]
    assert merged == sorted(merged)
    assert len(merged) == len(times)


def test_a_chatty_service_pushes_out_only_its_own_lines() -> None:
    rings = LogRings()
    rings.add([log_line("store", 0, "listening on 7000")])
    rings.add([log_line("api", number / 1000) for number in range(MOST_LINES + 10)])
    assert [line.entry.text for line in rings.lines("store")] == ["listening on 7000"]
    assert len(rings.lines("api")) == MOST_LINES


def test_lines_without_a_time_stay_behind_those_before_them() -> None:
    rings = LogRings()
    rings.add([log_line("api", 5, "first"), log_line("api", None, "second"), log_line("web", 4, "earlier")])
    assert [line.entry.text for line in rings.lines(None)] == ["earlier", "first", "second"]


@pytest.mark.parametrize("is_wrapped", [False, True])
async def test_the_screen_has_followed_lines_by_time(world: World, is_wrapped: bool) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "l")
        await terminal.until_shown("listening on 80")
        screen = terminal.app.screen
        assert isinstance(screen, EnvironmentScreen)
        if is_wrapped:
            await terminal.press("W")
        view = screen.logs.view
        view.forget()
        long = "x" * 300
        for lines in (
            [log_line("api", 1, f"one {long}"), log_line("api", 5, f"five {long}")],
            [log_line("store", 2, f"two {long}"), log_line("store", 6, "six")],
            [log_line("web", 4, "four"), log_line("web", 3, "three")],
        ):
            screen.logs.add(lines)
        words = ("one", "two", "three", "four", "five", "six")
        shown = [word for row in view.lines for word in words if f"│ {word}" in row]
        assert shown == list(words)
        assert view.shown_count == 6


def test_a_clone_lists_remote_branches_that_are_not_here(world: World) -> None:
    environment = world.up("feature/dark-theme")
    listed = [branch("main"), branch("origin/main", is_remote=True)]
    listed.append(branch("origin/feature/dark-theme", is_remote=True))
    kept = without_remote_doubles(listed)
    assert [one.name for one in kept] == ["main", "origin/feature/dark-theme"]
    row = overview(kept, [environment])[1]
    lines = row_lines(row, now=NOW, is_marked=False)
    assert text_of(lines["branch"]) == "origin/feature/dark-theme"
    assert "gone" not in text_of(lines["subject"])


def test_a_row_without_a_branch_tells_of_its_commit(world: World) -> None:
    environment = world.up("main")
    commit = Commit("c" * 40, "t" * 40, NOW - timedelta(days=400), "Ben Lindqvist", "Welcome guests")
    lines = row_lines(OverviewRow(None, environment, commit), now=NOW, is_marked=False)
    assert (text_of(lines["author"]), text_of(lines["age"])) == ("Ben Lindqvist", "1y 5w")
    assert text_of(lines["subject"]).endswith("Welcome guests")
    unknown = row_lines(OverviewRow(None, environment), now=NOW, is_marked=False)
    assert "not in this clone" in text_of(unknown["subject"])
    assert "gone" not in text_of(unknown["subject"])


def test_states_are_dimmed_where_no_engine_confirms_them(world: World) -> None:
    row = OverviewRow(branch("main"), world.up("main"))
    fresh = row_lines(row, now=NOW, is_marked=False)["state"]
    stale = row_lines(row, now=NOW, is_marked=False, is_stale=True)["state"]
    assert text_of(fresh) == text_of(stale)
    assert {piece.tone for piece in stale} == {Tone.QUIET}


@pytest.mark.parametrize(
    ("colours", "theme"),
    [("truecolor", DARK.name), ("256", DARK_256.name), ("standard", DARK_16.name), (None, DARK.name)],
)
def test_terminals_get_a_palette_of_their_own(colours: str | None, theme: str) -> None:
    assert theme_for(colours) == theme


def test_the_palette_of_256_colours_needs_no_other() -> None:
    steps = (0, 95, 135, 175, 215, 255)
    greys = tuple(range(8, 239, 10))
    colours = [DARK_256.primary, DARK_256.background, DARK_256.panel, DARK_256.foreground, DARK_256.error]
    colours += [DARK_256.variables[name] for name in ("selection", "raised", "rule", "quiet")]
    for colour in colours:
        red, green, blue = Color.parse(colour or "").rgb
        is_grey = red == green == blue and red in greys
        assert is_grey or all(part in steps for part in (red, green, blue)), colour
