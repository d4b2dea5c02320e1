"""The data of an environment: what its volumes began with, snapshots, other data, and what questions say."""

from __future__ import annotations

import pytest

from previewer.domain.compose.definition import Role
from previewer.operations.data import list_snapshots
from tests.tui.test_snapshots import SIZES, Compare, compare
from tests.worlds.tui import Terminal, terminal_of
from tests.worlds.tui_data import DataWorld

__all__ = ["compare"]


@pytest.fixture
def shop() -> DataWorld:
    """A shop with a guest book."""
    return DataWorld()


async def open_data(terminal: Terminal, name: str = "◉ running") -> None:
    """The data tab of the first environment."""
    await terminal.until_shown(name)
    await terminal.press("g", "enter")
    await terminal.until_on("EnvironmentScreen")
    await terminal.press("8")
    await terminal.until_shown("Began with", "2 volumes")


async def test_volumes_say_what_they_began_with_and_how_much_is_their_own(shop: DataWorld) -> None:
    shop.stage_twice()
    async with terminal_of(shop.session) as terminal:
        await open_data(terminal)
        await terminal.until_shown("what generation 1 left", "environment", "0 bytes")


async def test_a_snapshot_is_taken_after_a_question_that_says_who_stands_still(shop: DataWorld) -> None:
    shop.up("main")
    async with terminal_of(shop.session) as terminal:
        await open_data(terminal)
        await terminal.press("T")
        await terminal.until_shown("Take a snapshot of shop-main?", "stop shop-main-g1-store-1", "copy book, log")
        await terminal.press("t", *"before", "enter")
        await terminal.until_shown("called before", "start shop-main-g1-store-1 again")
        await terminal.press("y")
        await terminal.until_shown("snapshot before of book, log")
        assert terminal.context.works[1].command == "previewer data snapshot shop-main --name before"
        await terminal.press("escape")
        await terminal.press("r")
        await terminal.until_shown("1 snapshot taken of it")


async def test_a_reset_offers_snapshots_and_says_what_the_volumes_begin_with(shop: DataWorld) -> None:
    shop.up("main")
    async with terminal_of(shop.session) as terminal:
        await open_data(terminal)
        await terminal.press("Z")
        await terminal.until_shown("Begin again with which data?", "no data at all", "seed book")
        await terminal.type("seeds")
        await terminal.press("enter")
        await terminal.until_shown("data: book begins with seed book", "what is in book, log now is deleted")
        await terminal.press("y")
        await terminal.until(lambda: terminal.context.works and not terminal.context.running_works)
        assert terminal.context.works[1].error is None
        assert shop.environment("shop-main").ownership.generation == 2
        assert terminal.context.works[1].command == "previewer data reset shop-main"


async def test_another_environment_gets_a_copy_where_it_may(shop: DataWorld) -> None:
    shop.up("main", Role.STAGING)
    shop.up("main")
    async with terminal_of(shop.session) as terminal:
        await terminal.until_shown("main* staging")
        await terminal.press("slash", *"preview", "enter")
        await open_data(terminal)
        await terminal.press("C")
        await terminal.until_shown("Give its data to which environment?", "staging, running")
        await terminal.press("enter")
        await terminal.until_shown("raw-data", "esc")
        await terminal.press("y")
        assert terminal.screen_name == "ConfirmScreen", "there is no plan that could be confirmed"
        assert [one.snapshot.kind.value for one in list_snapshots(shop.session)] == ["seed"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            "R",
            (
                "log starts empty, and what is in log now is deleted with generation 2",
                "data: book begins with what generation 2 left",
            ),
        ),
        ("D", ("data is deleted: what is in book, log of shop-staging; snapshots stay",)),
        ("B", ("what is in log now is deleted", "data: book begins with what generation 2 left")),
    ],
)
async def test_every_question_says_what_happens_to_data(shop: DataWorld, key: str, said: tuple[str, ...]) -> None:
    shop.stage_twice()
    async with terminal_of(shop.session) as terminal:
        await open_data(terminal)
        await terminal.press(key)
        await terminal.until_on("ConfirmScreen")
        await terminal.until_shown(*said)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_data(shop: DataWorld, compare: Compare, size: tuple[int, int]) -> None:
    shop.stage_twice()
    async with terminal_of(shop.session, size=size) as terminal:
        await open_data(terminal)
        await terminal.until_shown("0 bytes")
        await compare(f"data-{size[0]}", terminal)
        await terminal.press("R")
        await terminal.until_shown("because")
        await compare(f"confirm-data-{size[0]}", terminal)
