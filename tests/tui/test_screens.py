"""What screens do besides starting operations: filters, logs, help, palette, menus, an engine that is away."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from previewer.domain.environment.environment import overview
from previewer.errors import EngineError, PreviewerError, SourceError, TimedOutError, UsageError
from previewer.settings.model import Settings
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource
from previewer.tui.messages import BranchesRead, EnvironmentsRead, TextCopied, UrlOpened
from previewer.tui.screen_requests import ScreenRequested
from previewer.tui.screens.home import HomeScreen
from previewer.tui.widgets.lines import LineInput
from tests.worlds.tui import UNREACHABLE, Terminal, World, terminal_of


def home_of(terminal: Terminal) -> HomeScreen:
    screen = terminal.app.screen_stack[0]
    assert isinstance(screen, HomeScreen)
    return screen


async def test_the_filter_narrows_while_typing_and_escape_clears_it(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/dark-theme", "feature/guest-book")
        await terminal.press("slash", *"GRACE")
        await terminal.until(lambda: "feature/dark-theme" not in terminal.text)
        assert "feature/guest-book" in terminal.text
        await terminal.press(*"xyz")
        await terminal.until_shown("none of 4 branches contains “GRACExyz”", "esc clears the filter")
        await terminal.press("escape")
        await terminal.until_shown("feature/dark-theme", "feature/guest-book")
        assert terminal.screen_name == "HomeScreen"


@pytest.mark.parametrize("width", [80, 120])
async def test_the_key_bar_always_leads_to_all_actions_and_shows_none_while_typing(
    world: World, width: int
) -> None:
    world.up("main")
    world.commit("main", "A newer commit")
    async with terminal_of(world.session, size=(width, 24)) as terminal:
        await terminal.until_shown("◉ running", "shop")
        await terminal.press("g")
        await terminal.until_shown("U update", "x actions  ? help  q quit" if width == 80 else "x actions")
        await terminal.press("slash", *"main")
        await terminal.until(lambda: terminal.text.splitlines()[-1].split() == ["esc", "back"])
        await terminal.press("enter")
        await terminal.until_shown("1 of 4 rows · / changes the filter, esc clears it", "? help")
        await terminal.press("enter")
        await terminal.until_on("EnvironmentScreen")
        await terminal.until_shown("Overview", "x actions")
        await terminal.press("slash", "q")
        await terminal.until(lambda: terminal.text.splitlines()[-1].split() == ["esc", "back"])


@pytest.mark.parametrize("place", ["HomeScreen", "CommitsScreen", "EnvironmentScreen"])
async def test_what_is_typed_fast_after_the_filter_s_key_is_no_command(world: World, place: str) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", *{"HomeScreen": "", "CommitsScreen": "c", "EnvironmentScreen": "l"}[place])
        await terminal.until_on(place)
        await terminal.pilot.pause(0.3)
        for key, character in (("slash", "/"), ("D", "D"), ("s", "s"), ("q", "q")):
            terminal.app.post_message(Key(key, character))
        line = terminal.app.screen.query(LineInput).first()
        await terminal.until(lambda: len(line.value) == 3)
        assert (sorted(line.value), terminal.screen_name) == (sorted("Dsq"), place)
        assert terminal.app.is_running


async def test_a_filter_without_a_match_stays_at_the_bottom(world: World) -> None:
    async with terminal_of(world.session, size=(80, 24)) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("slash", *"zzz")
        await terminal.until_shown("none of 4 branches contains")
        assert terminal.text.splitlines()[-3].strip() == "zzz"
        await terminal.press("escape")
        await terminal.until_shown("feature/dark-theme")


async def test_the_cursor_stays_on_its_row_when_rows_come_and_go(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/dark-theme", "Memory")
        await terminal.press("G", "k")
        home = home_of(terminal)
        before = home.branch
        assert before is not None
        world.up("feature/dark-theme")
        world.up("feature/guest-book")
        await terminal.until_shown("◉ running")
        await terminal.until(lambda: len(terminal.app.app_state.environments or ()) == 2)
        assert home.branch == before


async def test_movement_keys(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/dark-theme", "Memory")
        table = home_of(terminal).table
        for key, row in (("j", 1), ("j", 2), ("k", 1), ("G", 3), ("g", 0), ("ctrl+d", 3), ("ctrl+u", 0)):
            await terminal.press(key)
            assert table.cursor_row == row, key


async def test_ten_thousand_branches(world: World) -> None:
    source = MemorySource()
    source.commit("main", {"compose.yaml": "services: {}\n"})
    (main,) = source.branches()
    branches = tuple(
        type(main)(f"topic/{number:05}", main.commit, main.committed_at, "Ada", f"subject {number}")
        for number in range(10_000)
    )
    async with terminal_of(memory_session(source=source)) as terminal:
        await terminal.until_shown("main", "Memory")
        started = time.process_time()
        terminal.app.post_message(BranchesRead(branches))
        await terminal.until_shown("topic/00000")
        assert time.process_time() - started < 1.5, "it takes 0.2 to 0.3 s of processor time"
        assert len(home_of(terminal).table.row_keys) == 10_000
        await terminal.press("G")
        await terminal.until_shown("topic/09999")
        await terminal.press("slash", *"09876")
        await terminal.until_shown("topic/09876")


async def test_an_unreachable_engine_is_a_panel_with_the_fix(world: World) -> None:
    world.is_reachable = False
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "no Docker engine answers", "systemctl start docker", "r tries again")
        assert "not known: no engine" in terminal.text
        await terminal.press("slash", *"guest", "enter")
        await terminal.until(lambda: "feature/dark-theme" not in terminal.text)
        await terminal.press("u")
        assert terminal.screen_name == "HomeScreen"
        assert any(toast.message == "no Docker engine answers" for toast in terminal.app._notifications)
        world.is_reachable = True
        await terminal.press("r")
        await terminal.until_shown("Memory 1")
        assert str(UNREACHABLE.message) not in terminal.text


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        (UNREACHABLE, "no engine"),
        (EngineError("the engine speaks API 1.24, previewer needs Docker 20.10 or newer"), "engine failed"),
        (SourceError("cannot read refs/previewer/ledger", hint="run git fsck"), "git failed"),
        (UsageError("ttl has to be a time to live", where="previewer.toml:3"), "wrong setting"),
        (TimedOutError("listing containers took longer than 30 seconds"), "timed out"),
        (PreviewerError("a bug in previewer: KeyError: 'Id'"), "error"),
    ],
)
async def test_the_top_bar_says_what_failed(world: World, failure: PreviewerError, word: str) -> None:
    world.up("main")
    world.session.disconnect()
    world.is_reachable, world.failure = False, failure
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", f"✖ {word}", failure.message, "r tries again")
        assert terminal.text.count(f"? not known: {word}") == 3, "production, staging and their parity"
        assert word == "no engine" or "no engine" not in terminal.text
        terminal.app.post_message(ScreenRequested.environment("shop-main"))
        await terminal.until_on("EnvironmentScreen")
        await terminal.until_shown(f"✖ {word}", failure.message)


async def test_an_engine_that_goes_away_leaves_what_was_known(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        world.session.disconnect()
        world.is_reachable = False
        await terminal.press("r")
        await terminal.until_shown("✖ no engine", "environments are shown as of", "◉ running")


async def test_the_first_paint_does_not_wait(world: World) -> None:
    world.gate.clear()
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("previewer", "? help", "main", "asking the engine …")
        world.gate.set()
        await terminal.until_shown("Memory 1")


async def test_logs_pause_count_and_follow_again(world: World) -> None:
    environment = world.up("main")
    web = next(s for s in environment.services if s.name == "web").containers[0].name
    for number in range(60):
        world.engine.write_line(web, f"line {number}")
    async with terminal_of(world.session, size=(100, 30)) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "l")
        await terminal.until_shown("line 59", "● following")
        world.engine.write_line(web, "one more")
        await terminal.until_shown("one more")
        await terminal.press("k", "k")
        await terminal.until_shown("❚❚ paused")
        world.engine.write_line(web, "held back 1")
        world.engine.write_line(web, "held back 2")
        await terminal.until_shown("❚❚ paused, 2 new lines")
        assert "held back" not in terminal.text
        await terminal.press("G")
        await terminal.until_shown("● following", "held back 1", "held back 2")


async def test_logs_of_one_service_search_wrap_and_times(world: World) -> None:
    environment = world.up("main")
    web = next(s for s in environment.services if s.name == "web").containers[0].name
    world.engine.write_line(web, "0123456789 " * 20 + "the end")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "enter")
        await terminal.until_shown("listening on 80", "opened the store", "INFO guests: 3")
        await terminal.press("j", "j")
        await terminal.until_shown("Logs store")
        assert "listening on 80" not in terminal.text
        await terminal.press("j", "W")
        await terminal.until_shown("Logs web · wrapped", "the end")
        await terminal.press("t")
        await terminal.until_shown("times in UTC", "11:55:00.000 ")
        await terminal.press("slash", *"LISTEN", "enter")
        await terminal.until_shown("1 line with “LISTEN”", "listening on 80")
        assert "0123456789" not in terminal.text
        await terminal.press("escape")
        await terminal.until_shown("the end")
        assert terminal.screen_name == "EnvironmentScreen"


async def test_logs_follow_the_successor(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "enter")
        await terminal.until_shown("listening on 80")
        world.commit("main", "A newer commit")
        after = world.up("main")
        await terminal.until_shown("generation 2")
        web = next(s for s in after.services if s.name == "web").containers[0].name
        world.engine.write_line(web, "said by the second generation")
        await terminal.until_shown("said by the second generation")


async def test_an_environment_that_is_gone_says_so(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "enter")
        await terminal.until_shown("listening on 80")
        terminal.app.post_message(EnvironmentsRead(()))
        await terminal.until_shown("shop-main is gone")
        await terminal.press("D")
        assert terminal.screen_name == "EnvironmentScreen"


async def test_shown_logs_are_saved(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "l")
        await terminal.until_shown("listening on 80")
        await terminal.press("S")
        await terminal.until(lambda: list(tmp_path.glob("shop-main-*.log")))
        (saved,) = tmp_path.glob("*.log")
        await terminal.until(lambda: "web | listening on 80\n" in saved.read_text())


async def test_copy_asks_the_terminal_where_there_is_no_clipboard(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "y")
        await terminal.until(lambda: terminal.app.clipboard.startswith("http://127.0.0.1:"))


async def test_a_missing_browser_is_told(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "Memory")
        terminal.app.post_message(UrlOpened("http://127.0.0.1:1", is_open=False))
        await terminal.until(lambda: any(t.title == "no browser here" for t in terminal.app._notifications))
        terminal.app.post_message(TextCopied("a\nb\n", is_native=True))
        await terminal.until(lambda: any(t.message == "2 lines" for t in terminal.app._notifications))


async def test_help_is_searchable(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("question_mark")
        await terminal.until_shown("Branches and environments", "Bring up an environment")
        await terminal.type("tear")
        await terminal.until(lambda: "Bring up an environment" not in terminal.text)
        assert "Tear down the environment" in terminal.text
        await terminal.press("escape")
        await terminal.until_on("HomeScreen")


async def test_the_menu_shows_what_is_possible_and_why_not(world: World) -> None:
    async with terminal_of(world.session, size=(120, 50)) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("x")
        await terminal.until_shown("Actions", "down        nothing runs here: press u to bring it up")
        await terminal.press("enter")
        await terminal.until_on("CommitsScreen")


async def test_the_menu_s_keys_do_what_they_say(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("x")
        await terminal.until_on("MenuScreen")
        await terminal.press("D")
        assert terminal.screen_name == "MenuScreen", "nothing runs here"
        await terminal.press("u")
        await terminal.until_on("ConfirmScreen")
        await terminal.until_shown("Bring up main?")


@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_the_palette_finds_actions_and_branches(world: World, key: str) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press(key)
        await terminal.until_on("Palette")
        await terminal.type("dark-th")
        await terminal.until_shown("commits of this branch")
        await terminal.press("enter")
        await terminal.until_on("CommitsScreen")
        await terminal.until_shown("feature/dark-theme › commits")


async def test_maximise_and_back(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("not running", "Memory")
        await terminal.press("z")
        await terminal.until(lambda: "not running" not in terminal.text)
        await terminal.press("escape")
        await terminal.until_shown("not running")


async def test_keys_can_be_remapped(world: World) -> None:
    settings = Settings(keymap={"filter": "f2", "help": "f1"})
    session = memory_session(source=world.source, engine=world.engine, images=world.images, settings=settings)
    async with terminal_of(session) as terminal:
        await terminal.until_shown("main", "Memory", "f2 filter", "f1 help")
        await terminal.press("slash")
        assert not terminal.app.screen.query_one("#filter", Input).display
        await terminal.press("f2")
        assert terminal.app.screen.query_one("#filter", Input).display


@pytest.mark.parametrize("theme", ["previewer-light", "ansi-dark", "textual-dark", "no such theme"])
async def test_other_colours(world: World, theme: str) -> None:
    world.up("main")
    async with terminal_of(world.session, theme=theme) as terminal:
        await terminal.until_shown("◉ running")
        terminal.app.theme = "nord"
        await terminal.press("g", "enter")
        await terminal.until_shown("listening on 80")
        terminal.app.theme = "ansi-light"
        await terminal.until_shown("◉ running")


async def test_without_colour_everything_is_still_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        assert terminal.app.no_color


def test_overview_is_what_home_shows(world: World) -> None:
    environment = world.up("main")
    rows = overview(world.source.branches(), (environment,))
    assert [row.branch.name for row in rows if row.branch] == [b.name for b in world.source.branches()]
