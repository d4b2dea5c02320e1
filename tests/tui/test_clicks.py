"""What is written as a key can be clicked, and so can cards, titles of columns, tabs and the way back."""

from __future__ import annotations

import pytest
from textual.content import Content

from previewer.domain.compose.definition import Role
from previewer.errors import UnhealthyError
from previewer.testing.memory.container import Behaviour
from previewer.tui.clicks import key_at
from tests.worlds.tui import Terminal, World, terminal_of

KEYS = {key: key for key in ("u", "x", "4", "esc")}


def bar(*parts: tuple[str, str]) -> Content:
    return Content.assemble(*parts)


@pytest.mark.parametrize(
    ("cell", "key"), [(0, "u"), (1, "u"), (3, "u"), (4, None), (6, "x"), (14, "x"), (17, "esc"), (40, None)]
)
def test_a_key_with_its_words(cell: int, key: str | None) -> None:
    line = bar(
        ("u", "$emphasis"), (" up", "$quiet"), ("  ", ""), ("x", "$emphasis"), (" actions", "$quiet"), ("  ", ""),
        ("esc", "$emphasis"), (" back", "$quiet"),
    )  # fmt: skip
    assert key_at(line, cell, KEYS) == key


def test_what_only_looks_like_a_key_is_none() -> None:
    line = bar(("v1 ", "$emphasis"), ("u", ""), (" a branch", ""))
    assert all(key_at(line, cell, KEYS) is None for cell in range(12))


async def click(terminal: Terminal, words: str, *, within: int = 0) -> None:
    """Click where ``words`` are written, ``within`` cells into them."""
    rows = terminal.text.splitlines()
    y = next(number for number, row in enumerate(rows) if words in row)
    await terminal.pilot.click(offset=(rows[y].index(words) + within, y))
    await terminal.pilot.pause()


async def test_bars_filters_titles_and_tabs(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session, size=(140, 40)) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await click(terminal, "2 up 1", within=3)
        await terminal.until_shown("[2 up 1]")
        await click(terminal, "1 all")
        await terminal.until_shown("[1 all")
        await click(terminal, "Branch ")
        await terminal.until_shown("by name")
        await click(terminal, "? help", within=3)
        await terminal.until_on("HelpScreen")
        await terminal.press("escape", "1", "g")
        await click(terminal, "x actions", within=4)
        await terminal.until_on("MenuScreen")
        await terminal.press("escape", *"/main", "enter", "enter")
        await terminal.until_on("EnvironmentScreen")
        await click(terminal, "5 History", within=4)
        await terminal.until_shown("Action", "generation 1")
        await click(terminal, "shop ›", within=1)
        await terminal.until_on("HomeScreen")


async def test_a_card_leads_to_its_environment(world: World) -> None:
    world.up("main", Role.PRODUCTION)
    async with terminal_of(world.session, size=(140, 40)) as terminal:
        await terminal.until_shown("as frozen")
        await click(terminal, "as frozen")
        await terminal.until_on("EnvironmentScreen")
        await terminal.press("escape")
        await click(terminal, "○ production and staging" if "○ production and" in terminal.text else "○ staging")
        await terminal.until_on("ParityScreen")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["lines", "cards"])
async def test_a_role_that_did_not_come_up_says_why(world: World, size: tuple[int, int]) -> None:
    well = world.engine.behaviours
    world.engine.behaviours = {**well, "store": Behaviour(lines=("FATAL no disk",), exit_code=3)}
    with pytest.raises(UnhealthyError):
        world.up("main", Role.STAGING)
    world.engine.behaviours = well
    async with terminal_of(world.session, size=size) as terminal:
        await terminal.until_shown("✖ failed", "store: it ended with exit code 3", "1 failed")
        await click(terminal, "store: it ended with exit code 3")
        await terminal.until_on("EnvironmentScreen")
        await terminal.until_shown("✖ failed", "FATAL no disk")
        await terminal.press("escape")
        world.up("main", Role.STAGING)
        await terminal.until(lambda: "✖" not in terminal.text)
