"""From a row of the history back to its release, through the same question as elsewhere."""

from __future__ import annotations

from previewer.domain.compose.definition import Role
from tests.worlds.tui import Terminal, World, terminal_of


async def open_history(terminal: Terminal) -> None:
    """The history tab of the first environment."""
    await terminal.until_shown("◉ running")
    await terminal.press("g", "enter")
    await terminal.until_on("EnvironmentScreen")
    await terminal.press("5")
    await terminal.until_shown("● it runs this release", "Action")


def stage(world: World, *subjects: str) -> list[str]:
    """Let staging run one release after the other; their ids."""
    found = []
    for subject in subjects:
        world.commit("main", subject)
        found.append(world.up("main", Role.STAGING).ownership.release)
    return found


async def test_a_row_goes_back_to_its_release(world: World) -> None:
    first, second, third = stage(world, "One", "Two", "Three")
    async with terminal_of(world.session) as terminal:
        await open_history(terminal)
        await terminal.until_shown("⟲ known to be good: B goes back to it")
        await terminal.press("G", "enter")
        short = first.removeprefix("sha256:")[:12]
        await terminal.until_shown("Roll shop-staging back?", f"Release {short} starts as a new generation")
        await terminal.press("y")
        await terminal.until(lambda: terminal.context.works and not terminal.context.running_works)
    assert terminal.context.works[1].command == f"previewer rollback shop-staging {short}"
    assert world.environment("shop-staging").ownership.release == first
    assert len({first, second, third}) == 3


async def test_a_row_says_why_it_cannot_be_gone_back_to(world: World) -> None:
    stage(world, "One", "Two")
    async with terminal_of(world.session) as terminal:
        await open_history(terminal)
        await terminal.press("g")
        await terminal.until(lambda: "B roll back" not in terminal.text)
        await terminal.press("B")
        await terminal.until(lambda: terminal.app._notifications)
        assert [toast.message for toast in terminal.app._notifications] == ["it runs this very release"]
        await terminal.press("G")
        await terminal.until_shown("B roll back")
        assert terminal.screen_name == "EnvironmentScreen"
