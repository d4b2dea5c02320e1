"""The environment screen on a real engine: data with its bytes, a snapshot to go back to, events, the pager."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from previewer.domain import labels
from previewer.session.open_session import open_session
from tests.docker.test_data import STATE
from tests.worlds.docker import WITHOUT_ROUTER, EngineFixture, fetch
from tests.worlds.inside import run_inside
from tests.worlds.tui import Terminal, terminal_of

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

FILES = {"compose.yaml": STATE.replace("100ms", "1s"), "guests/list": "ann\n"}


async def do(terminal: Terminal, *shown: str) -> None:
    """Confirm what is asked once ``shown`` is to be read, and wait until it is done."""
    await terminal.until_shown(*shown)
    await terminal.press("y")
    await terminal.until(lambda: terminal.context.works and not terminal.context.running_works, seconds=120)
    assert list(terminal.context.works.values())[-1].error is None
    if terminal.screen_name == "ProgressScreen":
        await terminal.press("escape")
    await terminal.until_on("EnvironmentScreen")


async def test_data_history_events_and_the_pager(
    engine_fixture: EngineFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = engine_fixture
    site.repository.commit(FILES, subject="data")
    environment = site.up("main")
    kept = tmp_path / "log"
    monkeypatch.setenv("PAGER", f"dd status=none of={kept}")

    @contextmanager
    def suspend() -> Iterator[None]:
        yield

    def write(line: str) -> None:
        label = f"{labels.ENVIRONMENT}={site.project}-main"
        (found,) = site.connection.api.containers(filters={"label": [label]})
        assert run_inside(site.connection.api, found["Id"], "sh", "-c", f"echo {line} >> /data/guests") == b""

    def guests() -> str:
        (found,) = site.environments()
        return fetch(f"{found['url']}/guests")

    path, host = str(site.repository.path), site.connection.host
    with open_session(path, docker_host=host, environment=WITHOUT_ROUTER) as session:
        async with terminal_of(session) as terminal:
            monkeypatch.setattr(terminal.app, "suspend", suspend)
            await terminal.until_shown("● healthy", seconds=60)
            await terminal.press("g", "enter")
            await terminal.until_on("EnvironmentScreen")
            await terminal.press("8")
            await terminal.until_shown("seed book", "environment", "bytes")
            write("bob")
            await terminal.press("T")
            await do(terminal, "Take a snapshot", "copy book")
            write("eve")
            assert guests() == "ann\nbob\neve\n"
            await terminal.press("r")
            await terminal.until_shown("1 snapshot taken of it")
            await terminal.press("Z")
            await terminal.until_shown("Begin again with which data?", "generation 1")
            await terminal.press("down", "down", "enter")
            await do(terminal, "data: book begins with")
            assert guests() == "ann\nbob\n"
            await terminal.press("9")
            await terminal.until_shown("started", "healthy", seconds=30)
            await terminal.press("3", "V")
            await terminal.until(kept.exists)
    assert environment["state"] == "healthy"
