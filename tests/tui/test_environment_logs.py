"""Tracebacks as one line each, and the whole log in a pager."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from previewer.engine.protocol import LogLine
from previewer.errors import NotFoundError
from previewer.tui.pager import page
from previewer.tui.tracebacks import Traceback, Tracebacks
from tests.tui.test_snapshots import SIZES, Compare, compare
from tests.worlds.tui import Terminal, World, terminal_of

__all__ = ["compare"]

PYTHON = (
    "Traceback (most recent call last):",
    '  File "/srv/shop.py", line 7, in sign',
    "    raise Full(guest)",
    "shop.Full: no room for Ada",
)
JAVA = (
    "java.lang.IllegalStateException: no room for Ada",
    "\tat shop.Book.sign(Book.java:7)",
    "\tat shop.Main.main(Main.java:3)",
    "Caused by: java.io.IOException: disk full",
    "\t... 2 more",
)


def entries(*texts: str, container: str = "web-1") -> list[LogLine]:
    """Lines of one container."""
    return [LogLine(container, "web", None, text, is_error=True) for text in texts]


def placed(lines: list[LogLine]) -> list[Traceback | None]:
    """The traceback of each line."""
    tracebacks = Tracebacks()
    return [tracebacks.place(line) for line in lines]


def told(found: list[Traceback | None]) -> list[tuple[str, int]]:
    """The line that stands for each traceback, and how many it stands for."""
    return [(one.shown.text, one.count) for one in dict.fromkeys(found) if one is not None]


def test_a_python_traceback_ends_with_the_line_that_says_what_happened() -> None:
    found = placed(entries("GET /", *PYTHON, "GET /again"))
    assert [one is not None for one in found] == [False, True, True, True, True, False]
    assert told(found) == [("shop.Full: no room for Ada", 4)]


def test_one_that_was_raised_while_another_was_handled_is_a_traceback_of_its_own() -> None:
    between = ("", "During handling of the above exception, another exception occurred:", "")
    found = placed(entries(*PYTHON, *between, *PYTHON[:3], "KeyboardInterrupt"))
    assert told(found) == [("shop.Full: no room for Ada", 4), ("KeyboardInterrupt", 4)]
    assert found[4:7] == [None, None, None]


def test_a_line_of_another_kind_ends_a_traceback_and_is_shown() -> None:
    found = placed(entries(*PYTHON[:3], "10.0.0.7 GET /", *PYTHON[3:]))
    assert told(found) == [(PYTHON[2], 3)]
    assert found[3:] == [None, None]


def test_calls_of_java_are_folded_below_what_happened() -> None:
    found = placed(entries(*JAVA, "started again"))
    assert (found[0], found[-1]) == (None, None)
    assert told(found) == [(JAVA[1], 4)]


def test_containers_that_write_at_once_are_kept_apart() -> None:
    one, two = entries(*PYTHON), entries(*PYTHON, container="web-2")
    found = placed([line for pair in zip(one, two, strict=True) for line in pair])
    assert told(found) == [(PYTHON[-1], 4), (PYTHON[-1], 4)]


def container_of(world: World) -> str:
    """The web server's container."""
    environment = world.up("main")
    return next(s for s in environment.services if s.name == "web").containers[0].name


async def open_logs(terminal: Terminal) -> None:
    """The logs of the first environment."""
    await terminal.until_shown("◉ running")
    await terminal.press("g", "l")
    await terminal.until_shown("● following")


def first_line(terminal: Terminal) -> str:
    """The topmost log line, without the scroll bar."""
    lines = terminal.text.splitlines()
    title = next(number for number, text in enumerate(lines) if text.strip().startswith("Logs all"))
    return lines[title + 1][:80].strip()


async def test_a_traceback_is_one_line_that_grows_and_unfolds(world: World) -> None:
    web = container_of(world)
    async with terminal_of(world.session) as terminal:
        await open_logs(terminal)
        for text in PYTHON[:2]:
            world.engine.write_line(web, text)
        await terminal.until_shown('▸ File "/srv/shop.py", line 7, in sign  … 2 lines')
        for text in (*PYTHON[2:], "GET /after"):
            world.engine.write_line(web, text)
        await terminal.until_shown("▸ shop.Full: no room for Ada  … 4 lines", "GET /after")
        assert "raise Full" not in terminal.text
        assert terminal.text.count("▸") == 1
        await terminal.press("F")
        await terminal.until_shown(*PYTHON, "tracebacks whole")
        assert "▸" not in terminal.text
        await terminal.press("F", "L", "L", "L")
        await terminal.until_shown("from error on", "▸ shop.Full: no room for Ada  … 4 lines")
        assert "GET /after" not in terminal.text


async def test_a_search_looks_into_tracebacks(world: World) -> None:
    web = container_of(world)
    for text in PYTHON:
        world.engine.write_line(web, text)
    async with terminal_of(world.session) as terminal:
        await open_logs(terminal)
        await terminal.until_shown("▸ shop.Full")
        await terminal.press("slash", *"raise", "enter")
        await terminal.until_shown("raise Full(guest)", "1 line with “raise”")
        assert "▸" not in terminal.text


async def test_who_reads_above_the_end_stays_there_when_a_traceback_unfolds(world: World) -> None:
    web = container_of(world)
    for text in (*(f"line {number}" for number in range(60)), *PYTHON, *(f"more {n}" for n in range(60))):
        world.engine.write_line(web, text)
    async with terminal_of(world.session, size=(100, 30)) as terminal:
        await open_logs(terminal)
        await terminal.until_shown("more 59")
        await terminal.press("g", *["ctrl+d"] * 6)
        await terminal.until_shown("▸ shop.Full", "❚❚ paused")
        top = first_line(terminal)
        await terminal.press("F")
        await terminal.until_shown("raise Full", "❚❚ paused")
        assert first_line(terminal) == top
        await terminal.press("F")
        await terminal.until_shown("▸ shop.Full", "❚❚ paused")
        assert first_line(terminal) == top


@pytest.fixture
def pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pager that keeps what it was given in this file."""
    kept = tmp_path / "kept"
    program = tmp_path / "pager"
    program.write_text(f"#!/bin/sh\ncat > {kept}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PAGER", str(program))
    return kept


def let_suspend(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A terminal that can be handed over; what happened to it."""
    happened: list[str] = []

    @contextmanager
    def suspend() -> Iterator[None]:
        happened.append("begun")
        try:
            yield
        finally:
            happened.append("ended")

    monkeypatch.setattr(terminal.app, "suspend", suspend)
    return happened


async def test_the_pager_gets_the_whole_log_of_the_service(
    world: World, pager: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = container_of(world)
    for number in range(700):
        world.engine.write_line(web, f"line {number}")
    async with terminal_of(world.session) as terminal:
        suspended = let_suspend(terminal, monkeypatch)
        await open_logs(terminal)
        await terminal.until_shown("line 699")
        await terminal.press("V")
        await terminal.until(lambda: len(suspended) == 2)
        text = pager.read_text()
        assert [f"web | line {number}\n" in text for number in (0, 699)] == [True, True]
        assert "store | opened the store" in text
        await terminal.press("1", "G", "V")
        await terminal.until(lambda: len(suspended) == 4)
        assert "store | opened the store" not in pager.read_text()


async def test_without_a_pager_it_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    container_of(world)
    monkeypatch.setenv("PAGER", "no-such-pager")
    async with terminal_of(world.session) as terminal:
        let_suspend(terminal, monkeypatch)
        await open_logs(terminal)
        await terminal.press("V")
        await terminal.until(lambda: terminal.app._notifications)
        assert "there is no pager no-such-pager" in next(iter(terminal.app._notifications)).message


def test_a_pager_that_is_closed_early_ends_the_reading() -> None:
    given: list[int] = []

    def pieces() -> Iterator[str]:
        for number in range(100_000):
            given.append(number)
            yield f"line {number}\n" * 100

    page(pieces(), {"PAGER": "head -n 1"})
    assert len(given) < 100_000


async def test_an_interrupt_is_the_pager_s_and_other_signals_are_heard_afterwards() -> None:
    heard: list[int] = []
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGUSR1):
        loop.add_signal_handler(number, heard.append, number)
    try:
        page((), {"PAGER": "sh -c 'kill -INT $PPID; kill -USR1 $PPID'"})
        while not heard:
            await asyncio.sleep(0)
    finally:
        for number in (signal.SIGINT, signal.SIGUSR1):
            loop.remove_signal_handler(number)
    assert heard == [signal.SIGUSR1]


def test_a_pager_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFoundError, match="no-such-pager"):
        page((), {"PAGER": "no-such-pager"})


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_logs(world: World, compare: Compare, size: tuple[int, int]) -> None:
    web = container_of(world)
    for text in ("GET /", *PYTHON, "WARN slow", *JAVA, "GET /again"):
        world.engine.write_line(web, text)
    async with terminal_of(world.session, size=size) as terminal:
        await open_logs(terminal)
        await terminal.until_shown("GET /again", "opened the store")
        await compare(f"logs-{size[0]}", terminal)
