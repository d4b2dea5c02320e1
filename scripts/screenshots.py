"""Draw ``screenshots/`` from the real application: the demo's repository on a real engine.

``python -m scripts.screenshots [NAME ...]`` draws all pictures and records the main job, or draws the named ones.
What it brought up is removed afterwards, as ``make demo`` does it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import resvg_py

from demo.base_image import connect
from demo.page import sign
from demo.product import CommandFailedError, Product
from demo.run import only_one_demo, open_demo, sweep
from previewer.session.open_session import open_session
from previewer.tui.screens.base import PreviewerScreen
from scripts.ensure_engine import NO_ENGINE, ensure_engine
from scripts.local_engine.paths import EnginePaths
from scripts.recording import record
from tests.worlds.tui import Terminal, terminal_of

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
SIZE = (120, 34)
STILL = 3.0
"""Seconds that a screen is left alone before it is drawn."""
NO_HOST = "unix:///run/no-engine.sock"
PATIENCE = 60.0
"""Seconds that a screen may take to show what it is waited for."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    name: str
    act: Callable[[Terminal], Awaitable[None]]
    """What is done before it is taken."""
    size: tuple[int, int] = SIZE
    theme: str = "previewer-dark"
    is_reachable: bool = True


@contextmanager
def open_stage(host: str) -> Iterator[Product]:
    """The demo with production, staging, three previews (one sleeps, one was changed by hand) and a failure."""
    with open_demo(host, last_day=datetime.now(UTC) - timedelta(hours=3)) as product:
        try:
            product.up("v1.1.0", "--role", "production")
            product.up("main", "--role", "staging")
            previews = {name: product.up(name) for name in ("main", "feature/guest-count", "feature/dark-theme")}
            for guest, message in (
                ("Ada", "First!"),
                ("Ben", "What a calm night."),
                ("Mei", "I counted five of us."),
            ):
                for preview in previews.values():
                    sign(preview.urls["web"][0], guest=guest, message=message)
            with suppress(CommandFailedError):  # its store crashes: the pictures show a failure too
                product.up("fix/store-port")
            product.run("pin", previews["main"].environment)
            product.run("sleep", previews["feature/guest-count"].environment)
            touch(host, previews["feature/dark-theme"].environment)
            yield product
        finally:
            product.run("down", "--all", "--role", "production", "--role", "staging", "--yes")


def touch(host: str, environment: str) -> None:
    """Change a preview by hand, as previewer advises against."""
    with connect(host) as client:
        for container in client.containers.list(filters={"label": f"dev.previewer.environment={environment}"}):
            if "-api-" in str(container.name):
                container.exec_run(["touch", "/tmp/patched"])
                container.update(mem_limit="128m", memswap_limit="128m")


def is_measured(terminal: Terminal) -> bool:
    """Whether what is in sight has its figures."""
    screen = terminal.app.screen
    return not isinstance(screen, PreviewerScreen) or terminal.context.usage.has(screen.visible_containers)


async def choose(terminal: Terminal, text: str) -> None:
    """Leave the rows with ``text``, with all that is told of them: a dialog dims what it opens upon."""
    await terminal.press("slash", *text, "enter")
    await settle(terminal)


async def settle(terminal: Terminal) -> None:
    """Give a live engine, on which there is always something going on, time to tell all."""
    await terminal.until(lambda: is_measured(terminal), seconds=PATIENCE)
    await terminal.pilot.pause(STILL)


async def show_home(terminal: Terminal) -> None:
    """Branches and environments, the failed one under the cursor."""
    await terminal.press("g", "j", "j")


async def show_filter(terminal: Terminal) -> None:
    """A filter being typed."""
    await terminal.press("slash", *"feature")


async def show_confirmation(terminal: Terminal) -> None:
    """What `u` asks."""
    await choose(terminal, "release")
    await terminal.press("u")
    await terminal.until_shown("create container", seconds=PATIENCE)


async def show_production(terminal: Terminal) -> None:
    """What `D` asks before production goes."""
    await choose(terminal, "production")
    await terminal.press("D")
    await terminal.until_shown("remove container", seconds=PATIENCE)


async def show_progress(terminal: Terminal) -> None:
    """An operation that has succeeded."""
    await show_confirmation(terminal)
    await terminal.press("y")
    await terminal.until_shown("✔ done", "http://", seconds=PATIENCE)


async def show_environment(terminal: Terminal) -> None:
    """Services and logs."""
    await choose(terminal, "dark-theme")
    await terminal.press("enter")
    await terminal.until_shown("POST", seconds=PATIENCE)


async def show_drift(terminal: Terminal) -> None:
    """Changes by hand, and the remedy."""
    await choose(terminal, "dark-theme")
    await terminal.press("enter", "g", "d")
    await terminal.until_shown("⚑ tainted", "findings", seconds=PATIENCE)
    await terminal.press("G")


async def show_parity(terminal: Terminal) -> None:
    """Staging beside production."""
    await terminal.until_shown("undeclared", seconds=PATIENCE)
    await terminal.press("p")
    await terminal.until_shown("why", seconds=PATIENCE)


async def show_release(terminal: Terminal) -> None:
    """Images, packages, provenance."""
    await choose(terminal, "staging")
    await terminal.press("enter", "g", "i")
    await terminal.until_shown("Provenance", "material", seconds=PATIENCE)


async def show_diff(terminal: Terminal) -> None:
    """From production's release to staging's."""
    await choose(terminal, "staging")
    await terminal.press("enter", "g", "v")
    await terminal.until_shown("Commits", "Files", seconds=PATIENCE)


async def show_extend(terminal: Terminal) -> None:
    """How long an environment is to live."""
    await choose(terminal, "dark-theme")
    await terminal.press("g", "e")
    await terminal.until_shown("lives then", seconds=PATIENCE)


async def show_help(terminal: Terminal) -> None:
    """The help."""
    await terminal.press("question_mark")
    await terminal.until_shown("Branches and environments")


async def show_unreachable(terminal: Terminal) -> None:
    """No engine."""
    await terminal.until_shown("no Docker engine answers", seconds=PATIENCE)


SHOTS = (
    Shot("home", show_home),
    Shot("home-light", show_home, theme="previewer-light"),
    Shot("home-narrow", show_home, size=(80, 24)),
    Shot("home-wide", show_home, size=(200, 40)),
    Shot("filter", show_filter, size=(100, 24)),
    Shot("confirm", show_confirmation),
    Shot("confirm-production", show_production),
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
    Shot("progress", show_progress),
)
RECORDING = "recording"
NAMES = (*(shot.name for shot in SHOTS[:-1]), RECORDING, SHOTS[-1].name)
"""The last one brings a branch up, which the recording begins without."""


async def draw(shot: Shot, product: Product, host: str) -> str:
    """The picture as SVG."""
    engine = host if shot.is_reachable else NO_HOST
    with open_session(str(product.repository), docker_host=engine, environment=os.environ) as session:
        async with terminal_of(session, size=shot.size, theme=shot.theme, monotonic=time.monotonic) as terminal:
            await terminal.until_shown("fix/store-port", seconds=PATIENCE)
            if shot.is_reachable:
                await terminal.until_shown("● healthy", seconds=PATIENCE)
            await settle(terminal)
            await shot.act(terminal)
            await settle(terminal)
            return terminal.app.export_screenshot(title="previewer")


def save(name: str, svg: str, folder: Path) -> None:
    """Write it as SVG, and as PNG for where that is not shown."""
    (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    png = resvg_py.svg_to_bytes(svg_string=svg, monospace_family="DejaVu Sans Mono", width=1482)
    (folder / f"{name}.png").write_bytes(bytes(png))


def main() -> int:
    """Draw all of them, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *NAMES])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: screenshots)")
    options = parser.parse_args()
    host = ensure_engine(EnginePaths())
    if host is None:
        return NO_ENGINE
    os.environ |= {"DOCKER_HOST": host, "PREVIEWER_ROUTER": "off"}
    options.folder.mkdir(exist_ok=True)
    with only_one_demo() as alone:
        if not alone:
            print("a demo is running; try again when it has ended", file=sys.stderr)
            return 1
        sweep(host)
        with open_stage(host) as product:
            shots = {shot.name: shot for shot in SHOTS}
            for name in options.names or NAMES:
                if name == RECORDING:
                    record(product, options.folder)
                else:
                    save(name, asyncio.run(draw(shots[name], product, host)), options.folder)
                print(options.folder / f"{name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
