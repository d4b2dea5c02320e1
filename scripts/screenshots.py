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
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from previewer.domain.compose.definition import Role  # noqa: E402
from previewer.domain.engine.usage import UsageSample  # noqa: E402
from previewer.operations.extend import pin  # noqa: E402
from previewer.operations.sleep import sleep  # noqa: E402
from previewer.session.run import Run  # noqa: E402
from previewer.testing.memory.container import Behaviour  # noqa: E402
from previewer.tui.screens.base import PreviewerScreen  # noqa: E402
from tests.tui.test_looks import PRODUCTION  # noqa: E402
from tests.worlds.tui import FILES, NOW, Terminal, World, terminal_of  # noqa: E402

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
    """A shop with a few branches, four previews, staging and production."""
    world = World()
    world.engine.behaviours["web"] = Behaviour(lines=LOG)
    world.commit("fix/login-loop", "Stop the login loop after an expired session", author="Barbara Liskov")
    world.commit("release-1.1", "Release 1.1", author="Ada Lovelace")
    world.commit("wip/store-7", "Try the new store on old snapshots", author="Edsger Dijkstra")
    files = {**FILES, "envs/production.yaml": PRODUCTION}
    world.source.commit("main", files, subject="A larger production", author="Ada Lovelace")
    world.up("main", Role.PRODUCTION)
    files["web/index.html"] = "<h1>tickets</h1>\n"
    world.source.commit("main", files, subject="Sell tickets too", author="Ada Lovelace")
    world.up("main", Role.STAGING)
    world.up("main")
    world.up("feature/guest-book")
    world.up("wip/store-7")
    world.up("fix/login-loop")
    world.commit("fix/login-loop", "Log in once, stay logged in", author="Barbara Liskov")
    pin(world.session, "shop-main")
    sleeping = next(name for name in world.names() if "store" in name)
    sleep(Run(world.session), [sleeping])
    world.touch(next(name for name in world.names() if "guest-book" in name))
    world.source.tag("v1.1.0", world.source.resolve("main~1").commit)
    measure(world)
    return world


def measure(world: World) -> None:
    """Say what every container uses, as the engine would for a few seconds."""
    for number, name in enumerate(world.names()):
        for place, service in enumerate(world.environment(name).services):
            for container in service.containers:
                for second in range(8):
                    share = (1 + (second * 7 + number * 5 + place * 3) % 9) / 400
                    used = (24 + 3 * place + number) * 1024**2 + second * 4096
                    at = NOW + timedelta(seconds=second)
                    sent = 900 * second * (place + 1)
                    sample = UsageSample(container.name, at, share, used, 96 * 1024**2, sent // 3, sent)
                    world.engine.samples.append(sample)


def is_measured(terminal: Terminal) -> bool:
    """Whether what is in sight has its figures."""
    screen = terminal.app.screen
    return not isinstance(screen, PreviewerScreen) or terminal.context.usage.has(screen.visible_containers)


async def choose(terminal: Terminal, text: str) -> None:
    """Leave the rows with ``text``, with all that is told of them: a dialog dims what it opens upon."""
    await terminal.press("slash", *text, "enter")
    await terminal.until_at_rest()
    await terminal.until(lambda: is_measured(terminal))
    await terminal.pilot.pause(0.5)


async def show_home(terminal: Terminal) -> None:
    """Branches and environments."""
    await terminal.press("g", "j")


async def show_filter(terminal: Terminal) -> None:
    """A filter being typed."""
    await terminal.press("slash", *"feature")


async def show_confirmation(terminal: Terminal) -> None:
    """What `u` asks."""
    await choose(terminal, "dark")
    await terminal.press("u")
    await terminal.until_shown("create container")


async def show_production(terminal: Terminal) -> None:
    """What `D` asks before production goes."""
    await choose(terminal, "production")
    await terminal.press("D")
    await terminal.until_shown("remove container")


async def show_progress(terminal: Terminal) -> None:
    """An operation that has succeeded."""
    await show_confirmation(terminal)
    await terminal.press("y")
    await terminal.until_shown("✔ done", "http://")
    board = terminal.context.works[1].board
    board.tasks = dict(sorted(board.tasks.items()))  # they run in parallel
    for task in board.tasks.values():
        task.seconds = 0.4
    terminal.app.work_pulse += 1


async def show_environment(terminal: Terminal) -> None:
    """Services and logs."""
    await terminal.press("slash", *"guest-book", "enter", "enter")
    await terminal.until_shown("POST /guests", "opened the store", "INFO guests")


async def show_drift(terminal: Terminal) -> None:
    """Changes by hand, and the remedy."""
    await terminal.press("slash", *"guest-book", "enter", "g", "d")
    await terminal.until_shown("the ledger says", "⚑ tainted", "≠ 2 findings")
    await terminal.press("G")
    await terminal.until_shown("what it changed there was never frozen")


async def show_parity(terminal: Terminal) -> None:
    """Staging beside production."""
    await terminal.until_shown("undeclared")
    await terminal.press("p")
    await terminal.until_shown("stale", "why")


async def show_release(terminal: Terminal) -> None:
    """Images, packages, provenance."""
    await terminal.press("slash", *"staging", "enter", "g", "i")
    await terminal.until_shown("Provenance", "material")


async def show_diff(terminal: Terminal) -> None:
    """From production's release to staging's."""
    await terminal.press("slash", *"staging", "enter", "g", "v")
    await terminal.until_shown("Commits", "Images")


async def show_extend(terminal: Terminal) -> None:
    """How long an environment is to live."""
    await choose(terminal, "guest-book")
    await terminal.press("g", "e")
    await terminal.until_shown("lives then")


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
    Shot("drift", show_drift),
    Shot("drift-light", show_drift, theme="previewer-light"),
    Shot("parity", show_parity),
    Shot("parity-light", show_parity, theme="previewer-light"),
    Shot("release", show_release),
    Shot("diff", show_diff, size=(100, 30)),
    Shot("extend", show_extend, size=(100, 24)),
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
        await terminal.until_at_rest()
        await terminal.until(lambda: is_measured(terminal))
        await terminal.pilot.pause(0.5)
        svg = terminal.app.export_screenshot(title="previewer")
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return re.sub(r"(127\.0\.0\.1:|(?<=[ ;]):)\d{5}", r"\g<1>40000", svg)


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
