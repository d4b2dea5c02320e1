"""A preview that did not come up: home says so at once, why, and where its last lines are."""

from __future__ import annotations

import pytest

from previewer.errors import UnhealthyError
from previewer.operations.lists import list_history
from previewer.testing.memory.container import Behaviour
from previewer.tui.glance import telling_line
from tests.tui.test_snapshots import SIZES, Compare, compare  # noqa: F401 - the fixture
from tests.worlds.tui import World, terminal_of

FATAL = "FATAL snapshot 0042 is corrupt, giving up"
BRANCH = "feature/guest-book"


def fail(world: World, revision: str = BRANCH) -> None:
    """Bring it up, with a store that ends."""
    well = world.engine.behaviours
    world.engine.behaviours = {
        **well,
        "store": Behaviour(lines=("opening the store", FATAL, "closed the store"), exit_code=3),
    }
    with pytest.raises(UnhealthyError):
        world.up(revision)
    world.engine.behaviours = well


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_home(world: World, compare: Compare, size: tuple[int, int]) -> None:  # noqa: F811
    fail(world)
    async with terminal_of(world.session, size=size) as terminal:
        await terminal.until_shown("✖ failed")
        await terminal.press("g")
        await compare(f"home-failed-{size[0]}", terminal)


async def test_the_row_the_count_the_pane_and_the_last_lines(world: World) -> None:
    fail(world)
    assert world.names() == (), "nothing is left of it"
    async with terminal_of(world.session, size=(140, 40)) as terminal:
        await terminal.until_shown("4 failed 1", "1 failed", "✖ failed")
        await terminal.press("4")
        await terminal.until_shown(
            "[4 failed 1]",
            "store: it ended with exit code 3",
            f"  {FATAL}",
            "l shows its last lines",
            "u tries again",
        )
        assert "main*" not in terminal.text
        await terminal.press("l")
        await terminal.until_on("EnvironmentScreen")
        await terminal.until_shown("✖ failed", "exit code 3", "opening the store", "closed the store")
        await terminal.press("5")
        await terminal.until_shown("fail", "did not come up")
        await terminal.press("escape", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
        await terminal.press("escape", "1")
        await terminal.until_shown("◉ running", "4 failed 0")
        assert "✖" not in terminal.text, "what came up makes the failure good"


async def test_an_update_that_failed_is_told_beside_what_runs(world: World) -> None:
    world.up(BRANCH)
    world.commit(BRANCH, "A broken store")
    fail(world)
    async with terminal_of(world.session, size=(140, 40)) as terminal:
        await terminal.until_shown(
            "◉ running ↑✖", "4 failed 1", "✖ update failed", "store: it ended with exit code 3"
        )


def test_the_history_knows_of_it(world: World) -> None:
    fail(world)
    entry = next(entry for entry in list_history(world.session) if entry.action == "fail")
    assert entry.detail == f"{BRANCH} did not come up: store: it ended with exit code 3"


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["starting", FATAL, "bye"], FATAL),
        (
            ["Traceback (most recent call last):", '  File "a.py"', "ValueError: no number", ""],
            "ValueError: no number",
        ),
        ([], ""),
    ],
)
def test_the_line_that_says_why(texts: list[str], told: str) -> None:
    assert telling_line(texts) == told
