"""The releases: listed with who runs them, looked into, compared, verified; what cannot be done says why."""

from __future__ import annotations

from previewer.domain.compose.definition import Role
from previewer.releases.definitions import explain_policy
from previewer.tui.present.releases import policy_lines
from previewer.tui.present.text import text_of
from previewer.tui.screens.releases import ReleasesScreen
from tests.worlds.tui import COMPOSE, FILES, Terminal, World, terminal_of


async def open_releases(terminal: Terminal) -> ReleasesScreen:
    await terminal.until_shown("feature/dark-theme", "Memory")
    await terminal.press("F")
    await terminal.until_on("ReleasesScreen")
    screen = terminal.app.screen
    assert isinstance(screen, ReleasesScreen)
    return screen


async def test_each_says_where_it_runs_and_was_good(world: World) -> None:
    world.up("main", Role.STAGING)
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        screen = await open_releases(terminal)
        await terminal.until_shown("feature-guest-book", "staging")
        assert len(screen.table.row_keys) == 2


async def test_without_any_it_says_how_to_get_one(world: World) -> None:
    async with terminal_of(world.session, notifications=True) as terminal:
        await open_releases(terminal)
        await terminal.until_shown("nothing has been frozen yet")
        await terminal.press("V")
        await terminal.until_shown("there is no release")


async def test_one_is_looked_into_and_two_are_compared(world: World) -> None:
    world.up("main")
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        screen = await open_releases(terminal)
        await terminal.until(lambda: len(screen.table.row_keys) == 2)
        await terminal.press("enter")
        await terminal.until_shown("Images", "based on")
        await terminal.press("enter", "space", "j")
        await terminal.until_shown("is marked")
        await terminal.press("v")
        await terminal.until_on("DiffScreen")
        await terminal.until_shown("web/index.html")


async def test_the_policy_is_explained_for_each_definition(world: World) -> None:
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        screen = await open_releases(terminal)
        await terminal.until(lambda: screen.listed is not None)
        await terminal.press("p")
        await terminal.until_shown("preview", "production", "looked at")
        await terminal.press("p")
        await terminal.until(lambda: "looked at" not in terminal.text)


def test_what_the_policy_refuses_says_what_helps(world: World) -> None:
    files = {
        **FILES,
        "compose.yaml": COMPOSE.replace("    build: web\n", "    build: web\n    privileged: true\n"),
    }
    commit = world.source.commit("feature/dark-theme", files, subject="Ask for much").id
    shown = [text_of(one) for one in policy_lines({"preview": explain_policy(world.session, commit)}, width=200)]
    (at,) = (number for number, text in enumerate(shown) if "✖ refused" in text)
    assert "privileged" in shown[at]
    assert shown[at + 1].strip(), "a hint"


async def test_a_release_is_verified_after_its_plan(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        screen = await open_releases(terminal)
        await terminal.until(lambda: screen.listed is not None)
        await terminal.press("V")
        await terminal.until_shown("check release", "build it again and compare")
        await terminal.press("y")
        await terminal.until_shown("it is what it says")


async def test_the_history_is_audited(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await open_releases(terminal)
        await terminal.press("A")
        await terminal.until_shown("check 1 release with what is said")
        await terminal.press("y")
        await terminal.until_shown("all well")


async def test_pulling_asks_for_an_address(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await open_releases(terminal)
        await terminal.press("L")
        await terminal.until_shown("no release to pull is named", "type its address", "REGISTRY/REPOSITORY")
