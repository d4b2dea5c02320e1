"""Asking both sides of a comparison, on the parity screen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.compose.extension import ProbeRequest
from previewer.domain.environment.environment import Environment
from previewer.domain.parity.probe import ProbeAnswer, ProbeDifference
from previewer.operations.probe import Probed
from previewer.tui.present.parity import probe_line
from previewer.tui.present.parity_rows import probe_rows
from previewer.tui.present.text import text_of
from tests.worlds.tui import FILES, Terminal, World, terminal_of

DECLARED = "include: [../compose.yaml]\nx-previewer: {parity: {probe: {requests: [/, /health]}}}\n"


def request_of(path: str) -> ProbeRequest:
    return ProbeRequest(path)


ALIKE = Probed(request_of("/"), ProbeAnswer(200, {}, b"", 0.1), ProbeAnswer(200, {}, b"", 0.1), ())
OTHER = Probed(
    request_of("/health"),
    ProbeAnswer(200, {}, b"", 0.1),
    ProbeAnswer(503, {}, b"", 0.1),
    (ProbeDifference(request_of("/health"), "status", "200", "503"),),
)
SILENT = Probed(
    request_of("/gone"),
    ProbeAnswer(0, {}, b"", 0.1, error="refused"),
    ProbeAnswer(0, {}, b"", 0.1, error="refused"),
    (),
)


@pytest.mark.parametrize(
    ("probed", "said", "rows"),
    [
        ((ALIKE,), "1 request sent to both: ✔ answered alike", []),
        (
            (ALIKE, OTHER),
            "2 requests sent to both: ≠ 1 answered differently",
            ["  200|▏ ≠ answer GET /health status|▕ 503"],
        ),
        (
            (SILENT,),
            "1 request sent to both: ? 1 answered by neither",
            ["  refused|▏ ? silent GET /gone|▕ refused"],
        ),
        (
            (OTHER, SILENT, OTHER),
            "3 requests sent to both: ≠ 2 answered differently, ? 1 answered by neither",
            [
                "  200|▏ ≠ answer GET /health status|▕ 503",
                "  refused|▏ ? silent GET /gone|▕ refused",
                "  200|▏ ≠ answer GET /health status|▕ 503",
            ],
        ),
    ],
)
def test_what_came_of_it(probed: tuple[Probed, ...], said: str, rows: list[str]) -> None:
    assert text_of(probe_line(probed)) == f"probe   {said}"
    found = probe_rows(probed)
    assert ["|".join(text_of(cell) for cell in row.cells.values()) for row in found] == rows
    assert len({row.key for row in found}) == len(found)


@contextmanager
def answering(environment: Environment, answers: dict[str, int]) -> Iterator[None]:
    """What the environment's main URL answers, as the container would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers[self.path])
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    address = urlsplit(environment.url or "")
    with ThreadingHTTPServer((str(address.hostname), address.port or 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield
        server.shutdown()
        thread.join()


def declare(world: World) -> None:
    files = {**FILES, "envs/staging.yaml": DECLARED, "envs/production.yaml": DECLARED}
    world.source.commit("main", files, subject="Say what to ask")


def events(terminal: Terminal) -> list[str]:
    """What notifications say now."""
    return [toast.message for toast in terminal.app._notifications]


async def to_parity(terminal: Terminal) -> None:
    await terminal.until_shown("100 %")
    await terminal.press("p")
    await terminal.until_shown("parity 100 %", "✔ nothing differs")


async def test_both_are_asked_and_what_differs_stands_first(world: World) -> None:
    declare(world)
    staging, production = (world.up("main", role) for role in (Role.STAGING, Role.PRODUCTION))
    async with terminal_of(world.session) as terminal:
        await to_parity(terminal)
        assert "b probe" in terminal.text.splitlines()[-1]
        answers = {"/": 200, "/health": 200}
        with ExitStack() as servers:
            servers.enter_context(answering(staging, answers))
            servers.enter_context(answering(production, {**answers, "/health": 503}))
            await terminal.press("b")
            await terminal.until_shown("2 requests sent to both: ≠ 1 answered differently")
        lines = terminal.text.splitlines()
        (row,) = (line for line in lines if "≠ answer" in line)
        assert row.split() == ["200", "▏", "≠", "answer", "GET", "/health", "status", "▕", "503"]
        assert any("shop-production: 503" in line and f"{production.url}/health" in line for line in lines)
        await terminal.press("s")
        await terminal.until_shown("production | staging", "✔ nothing differs")
        assert "sent to both" not in terminal.text, "that was asked of another pair"


async def test_what_has_no_answer_is_said(world: World) -> None:
    declare(world)
    world.up("main", Role.STAGING)
    world.up("main", Role.PRODUCTION)
    async with terminal_of(world.session) as terminal:
        await to_parity(terminal)
        await terminal.press("b")
        await terminal.until_shown("? 2 answered by neither", "? silent", "look at its logs")


async def test_why_two_sides_cannot_be_probed(world: World) -> None:
    world.up("main", Role.STAGING)
    world.up("main", Role.PRODUCTION)
    async with terminal_of(world.session) as terminal:
        await to_parity(terminal)
        assert "b probe" not in terminal.text
        await terminal.press("b")
        assert events(terminal) == ["shop-production: no requests are declared to probe with"]


async def test_what_does_not_run_is_not_probed(world: World) -> None:
    declare(world)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("are not up")
        await terminal.press("p")
        await terminal.until_shown("parity 100 %")
        await terminal.press("b")
        assert events(terminal) == ["main:staging: only what runs can be probed"]
