"""What the screens look like, as text and as SVG. ``--update-tui-snapshots`` rewrites them: look at them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from previewer.domain.compose.definition import Role
from tests.tui.test_parity import set_apart
from tests.worlds.tui import Terminal, World, terminal_of

SNAPSHOTS = Path(__file__).parent / "snapshots"
SIZES = [(80, 24), (120, 36), (200, 60)]
Compare = Callable[[str, Terminal], Awaitable[None]]


@pytest.fixture
def compare(updates_snapshots: bool) -> Compare:
    """Compare the screen with its snapshot."""

    async def check(name: str, terminal: Terminal) -> None:
        svg = await settled(terminal)
        for path, found in (
            (SNAPSHOTS / f"{name}.svg", svg),
            (SNAPSHOTS / f"{name}.txt", terminal.text.rstrip() + "\n"),
        ):
            shown = without_ports(found)
            if updates_snapshots:
                path.write_text(shown, encoding="utf-8")
            assert path.read_text(encoding="utf-8") == shown, f"{path.name}: look, then --update-tui-snapshots"

    return check


async def settled(terminal: Terminal) -> str:
    """The screen, once it stays the same."""
    await terminal.until_at_rest()
    before = ""
    for _ in range(50):
        await terminal.pilot.pause(0.1)
        shown = normalise(terminal.app.export_screenshot(title="previewer"))
        if shown == before:
            return shown
        before = shown
    raise AssertionError("the screen never comes to rest")


def normalise(svg: str) -> str:
    """Without what differs from run to run: Textual numbers its screenshots by their content's hash."""
    return re.sub(r"terminal-\d+", "terminal", svg)


def without_ports(text: str) -> str:
    """Host ports are free ones of this machine, five digits each."""
    return re.sub(r"(127\.0\.0\.1:|port(?: |&#160;)|(?<=[ ;>]):)\d{5}", r"\g<1>40000", text)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", ["previewer-dark", "previewer-light"])
async def test_home(world: World, compare: Compare, size: tuple[int, int], theme: str) -> None:
    world.up("main", Role.PRODUCTION)
    world.up("feature/guest-book")
    async with terminal_of(world.session, size=size, theme=theme) as terminal:
        await terminal.until_shown("◉ running", "nothing")
        await compare(f"home-{theme.removeprefix('previewer-')}-{size[0]}", terminal)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_environment(world: World, compare: Compare, size: tuple[int, int]) -> None:
    world.up("feature/guest-book")
    async with terminal_of(world.session, size=size) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "enter")
        await terminal.until_shown("listening on 80", "INFO guests: 3", "opened the store")
        await compare(f"environment-{size[0]}", terminal)


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_confirmation(world: World, compare: Compare, size: tuple[int, int]) -> None:
    async with terminal_of(world.session, size=size) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("g", "u")
        await terminal.until_shown("create container")
        await compare(f"confirm-up-{size[0]}", terminal)
        await terminal.press("3")
        await terminal.until_shown("PRODUCTION", "shop-production-g1")
        await compare(f"confirm-production-{size[0]}", terminal)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", ["previewer-dark", "previewer-light"])
async def test_drift(world: World, compare: Compare, size: tuple[int, int], theme: str) -> None:
    world.up("feature/guest-book")
    (name,) = world.names()
    world.touch(name)
    async with terminal_of(world.session, size=size, theme=theme) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "d")
        await terminal.until_shown("the ledger says", "⚑ tainted", "≠ 2 findings")
        await terminal.press("G")
        await terminal.until_shown("what it changed there was never frozen")
        await compare(f"drift-{theme.removeprefix('previewer-')}-{size[0]}", terminal)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", ["previewer-dark", "previewer-light"])
async def test_parity(world: World, compare: Compare, size: tuple[int, int], theme: str) -> None:
    set_apart(world)
    async with terminal_of(world.session, size=size, theme=theme) as terminal:
        await terminal.until_shown("4 undeclared")
        await terminal.press("p")
        await terminal.until_shown("UNDECLARED 4", "why")
        await compare(f"parity-{theme.removeprefix('previewer-')}-{size[0]}", terminal)


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_parity_of_what_is_the_same(world: World, compare: Compare, size: tuple[int, int]) -> None:
    set_apart(world)
    async with terminal_of(world.session, size=size) as terminal:
        await terminal.until_shown("4 undeclared")
        await terminal.press("p")
        await terminal.until_shown("UNDECLARED 4", "why")
        await terminal.press("equals_sign", "G", "enter")
        await terminal.until_shown("▾ web", "enter folds")
        await compare(f"parity-same-{size[0]}", terminal)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_other_tabs(world: World, compare: Compare, size: tuple[int, int]) -> None:
    world.up("feature/guest-book")
    async with terminal_of(world.session, size=size) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "enter")
        await terminal.until_on("EnvironmentScreen")
        for key, tab, shown in (
            ("2", "services", "Restarts"),
            ("5", "history", "Action"),
            ("6", "release", "Images"),
        ):
            await terminal.press(key)
            await terminal.until_shown(shown)
            await compare(f"{tab}-{size[0]}", terminal)


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_questions(world: World, compare: Compare, size: tuple[int, int]) -> None:
    world.up("main", Role.STAGING)
    world.commit("main", "A newer commit")
    world.up("main", Role.STAGING)
    async with terminal_of(world.session, size=size) as terminal:
        await terminal.until_shown("main* staging")
        for key, name, shown in (
            ("B", "rollback", "start container"),
            ("e", "extend", "lives then"),
            ("P", "promote", "create container"),
        ):
            await terminal.press("g", key)
            await terminal.until_shown(shown)
            await compare(f"confirm-{name}-{size[0]}", terminal)
            await terminal.press("escape")
            await terminal.until_on("HomeScreen")


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", ["previewer-dark", "previewer-light"])
async def test_releases(world: World, compare: Compare, size: tuple[int, int], theme: str) -> None:
    world.up("main", Role.STAGING)
    world.commit("main", "A newer commit")
    world.up("main", Role.STAGING)
    world.up("feature/guest-book")
    async with terminal_of(world.session, size=size, theme=theme) as terminal:
        await terminal.until_shown("◉ running", "main")
        await terminal.press("F")
        await terminal.until_on("ReleasesScreen")
        await terminal.until_shown("2615833751f7")
        await terminal.press("g", "space")
        await terminal.until_shown("is marked")
        await compare(f"releases-{theme.removeprefix('previewer-')}-{size[0]}", terminal)


async def test_diff(world: World, compare: Compare) -> None:
    world.up("main", Role.PRODUCTION)
    world.commit("main", "A newer commit")
    world.up("main")
    async with terminal_of(world.session, size=(80, 24)) as terminal:
        await terminal.until_shown("main* production")
        await terminal.press("slash", *"preview", "enter", "g", "v")
        await terminal.until_shown("+ added")
        await compare("diff-80", terminal)


async def test_unreachable(world: World, compare: Compare) -> None:
    world.is_reachable = False
    async with terminal_of(world.session, size=(80, 24)) as terminal:
        await terminal.until_shown("no Docker engine answers", "main")
        await compare("unreachable-80", terminal)


async def test_failure(world: World, compare: Compare) -> None:
    world.images.failing.add("web")
    async with terminal_of(world.session, size=(80, 24)) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("g", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_shown("✖ failed")
        work = terminal.context.works[1]
        work.board.tasks = dict(sorted(work.board.tasks.items()))  # they run in parallel
        for task in work.board.tasks.values():
            task.seconds = 1.0
        terminal.app.screen.draw()  # type: ignore[attr-defined]
        await terminal.pilot.pause()
        await compare("failure-80", terminal)


async def test_help(world: World, compare: Compare) -> None:
    async with terminal_of(world.session, size=(80, 24)) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("question_mark")
        await terminal.until_shown("Branches and environments")
        await compare("help-80", terminal)


async def test_menu(world: World, compare: Compare) -> None:
    async with terminal_of(world.session, size=(80, 24)) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("x")
        await terminal.until_shown("Actions")
        await compare("menu-80", terminal)
