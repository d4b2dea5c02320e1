"""Quitting waits for nothing that it need not; running operations are never left half done."""

from __future__ import annotations

import threading

from tests.eventually import eventually
from tests.worlds.terminal import Pty
from tests.worlds.tui import Terminal, World, terminal_of


def threads_of_ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("previewer follow")]


async def leave(terminal: Terminal, *keys: str) -> None:
    """Press the keys and wait for the end, which what runs in the background must not hold up."""
    await terminal.pilot.press(*keys)
    await terminal.until(lambda: not terminal.app.is_running)


async def test_quit_while_logs_are_followed(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "l")
        await terminal.until_shown("listening on 80", "● following")
        assert len(threads_of_ours()) == 2
        await leave(terminal, "q")
    eventually(lambda: not threads_of_ours(), what="nothing follows the logs any more")


async def test_quit_while_an_operation_runs_cancels_and_undoes(world: World) -> None:
    world.up("feature/guest-book")
    world.images.slow.add("web")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_shown("build web")
        await terminal.press("q")
        await terminal.until_shown("Quit while something is running?", "up main")
        await leave(terminal, "c")
    assert not terminal.context.running_works
    assert len(world.names()) == 1


async def test_staying_is_the_default(world: World) -> None:
    world.images.slow.add("web")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_shown("build web")
        await terminal.press("q")
        await terminal.until_on("LeaveScreen")
        await terminal.press("enter")
        await terminal.until_on("ProgressScreen")
        assert terminal.app.is_running
        await terminal.press("ctrl+c")
        await terminal.until_shown("⊘ cancelled, and undone")


async def test_waiting_quits_once_everything_has_ended(world: World) -> None:
    world.images.slow.add("web")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "Memory")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_shown("build web")
        await terminal.press("q")
        await terminal.until_on("LeaveScreen")
        await terminal.press("w")
        await terminal.pilot.pause(0.1)
        assert terminal.app.is_running
        terminal.context.works[1].cancellation.request()
        await leave(terminal)


IN_MEMORY = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from previewer.tui.app import run
from tests.worlds.terminal import Pty
from tests.worlds.tui import World
sys.exit(run(World().session))
"""


def test_it_ends_with_its_terminal_though_hangups_are_ignored() -> None:
    terminal = Pty(IN_MEMORY)
    terminal.read_until(lambda seen: b"main" in seen)
    terminal.hang_up()
    assert terminal.exit_code() == 129
