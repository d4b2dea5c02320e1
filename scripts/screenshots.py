"""Draw ``screenshots/*.svg`` from the real application, on a repository and an engine in memory.

``python scripts/screenshots.py`` writes them; ``--check`` fails where one of them is not what would be written.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from previewer.domain.definition import Role  # noqa: E402
from previewer.engine.memory_container import Behaviour  # noqa: E402
from tests.tui.world import Terminal, World, terminal_of  # noqa: E402

FOLDER = ROOT / "screenshots"
SIZE = (120, 34)
LOG = (
    "listening on 0.0.0.0:80",
    "GET / 200 3ms",
    "GET /guests 200 11ms",
    "POST /guests 201 19ms",
    "GET /guests 200 4ms",
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    name: str
    act: Callable[[Terminal], Awaitable[None]]
    """What is done before it is taken."""
    size: tuple[int, int] = SIZE
    theme: str = "previewer-dark"
    is_reachable: bool = True


def make_world() -> World:
    """A shop with a few branches, three previews, and production."""
    world = World()
    world.engine.behaviours["web"] = Behaviour(lines=LOG)
    world.commit("fix/login-loop", "Stop the login loop after an expired session", author="Barbara Liskov")
    world.commit("release-1.1", "Release 1.1", author="Ada Lovelace")
    world.commit("wip/store-7", "Try the new store on old snapshots", author="Edsger Dijkstra")
    world.up("main", Role.PRODUCTION)
    world.up("main")
    world.up("feature/guest-book")
    world.up("fix/login-loop")
    world.commit("fix/login-loop", "Log in once, stay logged in", author="Barbara Liskov")
    return world


async def show_home(terminal: Terminal) -> None:
    """Branches and environments."""
    await terminal.press("g", "j")


async def show_filter(terminal: Terminal) -> None:
    """A filter being typed."""
    await terminal.press("slash", *"feature")


async def show_confirmation(terminal: Terminal) -> None:
    """What `u` asks."""
    await terminal.press("slash", *"dark", "enter", "u")
    await terminal.until_shown("create container")


async def show_production(terminal: Terminal) -> None:
    """What `D` asks before production goes."""
    await terminal.press("slash", *"production", "enter", "D")
    await terminal.until_shown("remove container")


async def show_progress(terminal: Terminal) -> None:
    """An operation that has succeeded."""
    await show_confirmation(terminal)
    await terminal.press("y")
    await terminal.until_shown("✔ done", "http://")
    board = terminal.desk.works[1].board
    board.tasks = dict(sorted(board.tasks.items()))  # they run in parallel
    for task in board.tasks.values():
        task.seconds = 0.4
    terminal.app.work_pulse += 1


async def show_environment(terminal: Terminal) -> None:
    """Services and logs."""
    await terminal.press("slash", *"guest-book", "enter", "enter")
    await terminal.until_shown("POST /guests", "opened the store", "INFO guests")


async def show_help(terminal: Terminal) -> None:
    """The help."""
    await terminal.press("question_mark")
    await terminal.until_shown("Branches and environments")


async def show_unreachable(terminal: Terminal) -> None:
    """No engine."""
    await terminal.until_shown("no Docker engine answers")


SHOTS = (
    Shot("home", show_home),
    Shot("home-light", show_home, theme="previewer-light"),
    Shot("home-narrow", show_home, size=(80, 24)),
    Shot("home-wide", show_home, size=(200, 40)),
    Shot("filter", show_filter, size=(100, 24)),
    Shot("confirm", show_confirmation),
    Shot("confirm-production", show_production),
    Shot("progress", show_progress),
    Shot("environment", show_environment),
    Shot("environment-light", show_environment, theme="previewer-light"),
    Shot("help", show_help, size=(100, 34)),
    Shot("unreachable", show_unreachable, size=(100, 24), is_reachable=False),
)


async def draw(shot: Shot) -> str:
    """The picture as SVG, equal from run to run."""
    world = make_world()
    if not shot.is_reachable:
        world.session.disconnect()
        world.is_reachable = False
    async with terminal_of(world.session, size=shot.size, theme=shot.theme) as terminal:
        await terminal.until_shown("wip/store-7", "◉ running" if shot.is_reachable else "main")
        await shot.act(terminal)
        await terminal.pilot.pause(0.5)
        svg = terminal.app.export_screenshot(title="previewer")
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return re.sub(r"(127\.0\.0\.1:)\d{5}", r"\g<1>40000", svg)


async def main() -> int:
    """Write or check all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where something differs")
    is_check = parser.parse_args().check
    FOLDER.mkdir(exist_ok=True)
    stale = []
    for shot in SHOTS:
        path = FOLDER / f"{shot.name}.svg"
        svg = await draw(shot)
        if is_check and (not path.exists() or path.read_text(encoding="utf-8") != svg):
            stale.append(path.name)
        elif not is_check:
            path.write_text(svg, encoding="utf-8")
            print(path.relative_to(ROOT))
    if stale:
        print(f"not what the application shows: {', '.join(stale)}", file=sys.stderr)
        print("hint: python scripts/screenshots.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
