"""Keys that come faster than screens: nothing is opened or closed twice, or covered by what was asked before."""

from __future__ import annotations

import random

import pytest
from rich.style import Style
from textual.events import Click, Key, MouseDown, Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

from previewer.tui.terminal_driver import KeyParser
from previewer.tui.widgets.choice_list import ChoiceList
from tests.worlds.tui import Terminal, World, terminal_of

FAST = (
    ("p", "ctrl+p"),
    ("enter", "ctrl+p"),
    ("d", "colon"),
    ("ctrl+p", "ctrl+p"),
    ("u", "ctrl+p"),
    ("x", "ctrl+p"),
    ("question_mark", "ctrl+p"),
    ("ctrl+p", "pageup", "pagedown", "pageup"),
    ("x", "pageup", "pagedown"),
    ("ctrl+p", "enter", "enter", "escape", "escape"),
    ("enter", "escape", "escape", "escape"),
    ("u", "escape", "escape", "escape"),
)
KEYS = (
    *"jkgGuDRUPBeKsadpivhECloycrwxtzWSfn123456?q:/",
    "enter", "escape", "space", "tab", "pageup", "pagedown", "up", "down", "home", "end",
    "ctrl+p", "ctrl+d", "ctrl+u", "left_square_bracket", "right_square_bracket", "backspace",
)  # fmt: skip


def type_fast(terminal: Terminal, *keys: str) -> None:
    """Put keys into the application's queue at once, as a terminal does that was read late."""
    for key in keys:
        terminal.app.simulate_key(key)


@pytest.mark.parametrize("size", [(80, 24), (30, 8)])
@pytest.mark.parametrize("keys", FAST, ids="-".join)
async def test_fast_keys(world: World, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    world.up("main")
    async with terminal_of(world.session, size=size) as terminal:
        await terminal.until(lambda: terminal.app.app_state.environments)
        type_fast(terminal, *keys)
        await terminal.pilot.pause()
        type_fast(terminal, "ctrl+p")
        await terminal.pilot.pause()
        palettes = [screen for screen in terminal.app.screen_stack if screen.id == "--command-palette"]
        assert len(palettes) <= 1
        assert terminal.app.is_running
        assert terminal.app.return_code in (None, 0)


@pytest.mark.parametrize("seed", range(3))
async def test_random_keys(world: World, seed: int) -> None:
    world.up("main")
    world.up("feature/guest-book")
    chosen = random.Random(seed)
    async with terminal_of(world.session, size=chosen.choice([(80, 24), (120, 36), (30, 8)])) as terminal:
        await terminal.until(lambda: terminal.app.app_state.environments)
        for _burst in range(25):
            if not terminal.app.is_running:
                break  # q
            type_fast(terminal, *(chosen.choice(KEYS) for _ in range(chosen.randint(1, 6))))
            await terminal.pilot.pause()
        assert terminal.app.return_code in (None, 0)


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("\x1b/", ["escape", "slash"]),
        ("\x1bq", ["escape", "q"]),
        ("\x1bG", ["escape", "G"]),
        ("\x1b\x1b", ["escape", "escape"]),
        ("\x1b[A", ["up"]),
        ("\x1bOB", ["down"]),
        ("\x1b[5~", ["pageup"]),
        ("\x1b", ["escape"]),
    ],
)
def test_escape_is_a_key_however_fast_the_next_one_comes(typed: str, keys: list[str]) -> None:
    parser = KeyParser()
    messages = [*parser.feed(typed), *parser.feed("")]
    assert [message.key for message in messages if isinstance(message, Key)] == keys


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_every_key_that_quits_asks_while_something_runs(world: World, key: str) -> None:
    world.images.slow.add("web")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_shown("build web")
        await terminal.press(key)
        await terminal.until_shown("Quit while something is running?")
        await terminal.press("escape", "ctrl+c")
        await terminal.until_shown("⊘ cancelled, and undone")


async def test_ctrl_c_says_the_key_that_quits(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("ctrl+c")
        (toast,) = terminal.app._notifications
        assert toast.message == "q quits"


async def test_a_click_on_what_was_removed_just_now_is_none(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("Memory 1")
        screen, removed = terminal.app.screen, Static("gone in a moment")
        await screen.mount(removed)
        await terminal.until_shown("gone in a moment")
        place = removed.region.offset
        removed._detach()  # as when it is removed: what is below the pointer is found in the last layout
        assert screen.get_widget_at(*place)[0] is removed
        terminal.app.post_message(MouseDown(None, *place, 0, 0, 1, shift=False, meta=False, ctrl=False))
        await terminal.press("?")
        await terminal.until_on("HelpScreen")
        removed._attach(screen)  # so that it ends as others do


async def test_nothing_is_laid_out_for_a_size_that_the_terminal_has_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: set[Size | None] = set()
    lay_out = Screen._refresh_layout

    def noting(screen: Screen[object], size: Size | None = None, scroll: bool = False) -> None:
        sizes.add(size)
        lay_out(screen, size, scroll)

    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("Memory 1")
        for keys, name in (("p", "ParityScreen"), ("x", "MenuScreen")):
            await terminal.press(keys)
            await terminal.until_on(name)
        monkeypatch.setattr(Screen, "_refresh_layout", noting)
        for width, screen in zip((60, 65, 70), terminal.app.screen_stack, strict=True):
            screen.post_message(Resize(Size(width, 20), Size(width, 20)))
        await terminal.until(lambda: terminal.app.size in sizes)
        await terminal.press("down")
        assert sizes <= {None, terminal.app.size}


async def test_a_click_on_what_was_searched_away_chooses_nothing(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("Memory 1")
        await terminal.press("x")
        await terminal.until_on("MenuScreen")
        options = terminal.app.screen.query_one(ChoiceList)
        click = Click(options, 1, 1, 0, 0, 1, shift=False, meta=False, ctrl=False)
        click.style = Style(meta={"option": options.option_count})  # of a line that is drawn still
        options.post_message(click)
        await terminal.pilot.pause()
        assert terminal.screen_name == "MenuScreen"


async def test_a_click_where_the_terminal_ends_by_now_leaves_the_palette(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("Memory 1")
        await terminal.press("ctrl+p")
        await terminal.until_on("Palette")
        palette = terminal.app.screen
        palette.post_message(Click(palette, 900, 900, 0, 0, 1, shift=False, meta=False, ctrl=False))
        await terminal.pilot.pause()
        assert terminal.screen_name == "Palette"
