"""What the engine told of an environment's containers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from previewer.domain.engine.examination import EngineHappening
from previewer.domain.environment.life import life_of
from previewer.domain.labels import ENVIRONMENT, SERVICE
from tests.tui.test_snapshots import SIZES, Compare, compare
from tests.worlds.tui import NOW, Terminal, World, terminal_of

__all__ = ["compare"]

STORY: tuple[tuple[str, str, str, Mapping[str, str]], ...] = (
    ("store", "create", "", {}),
    ("store", "start", "", {}),
    ("store", "health_status", "healthy", {}),
    ("store", "health_status", "healthy", {}),
    ("web", "exec_create", "sh -c id", {}),
    ("store", "kill", "", {"signal": "9"}),
    ("store", "oom", "", {}),
    ("store", "die", "", {"exitCode": "137"}),
    ("store", "start", "", {}),
    ("store", "health_status", "healthy", {}),
)
SHOWN = ["create", "start", "health_status", "oom", "die", "start", "health_status"]


def happenings(environment: str) -> list[EngineHappening]:
    """The story, ten seconds between two events."""
    return [
        EngineHappening(
            "container",
            action,
            detail,
            f"{service}-id",
            f"{environment}-g1-{service}-1",
            NOW - timedelta(seconds=10 * (len(STORY) - number)),
            {ENVIRONMENT: environment, SERVICE: service, **more},
        )
        for number, (service, action, detail, more) in enumerate(STORY)
    ]


def test_life_is_starts_ends_and_health_that_changes() -> None:
    mine, others = happenings("shop-main"), happenings("shop-other")
    assert [event.action for event in life_of([*others, *mine], "shop-main")] == SHOWN


async def open_events(terminal: Terminal) -> None:
    """The events tab of the first environment."""
    await terminal.until_shown("◉ running")
    await terminal.press("g", "enter")
    await terminal.until_on("EnvironmentScreen")
    await terminal.press("9")
    await terminal.until_shown("exited with 137")


async def test_events_say_how_containers_ended(world: World) -> None:
    world.up("main")
    world.examiner.happenings.extend(happenings("shop-main"))
    async with terminal_of(world.session) as terminal:
        await open_events(terminal)
        await terminal.until_shown("ran out of memory", "shop-main-g1-store-1")
        lines = [line.split() for line in terminal.text.splitlines() if "shop-main-g1-store-1" in line]
        assert [line[4:-1] for line in lines[:3]] == [["healthy"], ["started"], ["exited", "with", "137"]]
        assert "exec_create" not in terminal.text


async def test_what_the_engine_has_forgotten_is_still_there_if_it_was_heard(world: World) -> None:
    world.up("main")
    world.examiner.happenings.extend(happenings("shop-main"))
    async with terminal_of(world.session) as terminal:
        await open_events(terminal)
        await terminal.until(lambda: terminal.context.detail_queries._touches.life())
        world.examiner.happenings.clear()
        await terminal.press("r")
        await terminal.until_at_rest()
        assert "exited with 137" in terminal.text


async def test_an_engine_that_remembers_nothing_is_said_so(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("g", "enter")
        await terminal.until_on("EnvironmentScreen")
        await terminal.press("9")
        await terminal.until_shown("the engine remembers nothing of it")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_events(world: World, compare: Compare, size: tuple[int, int]) -> None:
    world.up("main")
    world.examiner.happenings.extend(happenings("shop-main"))
    async with terminal_of(world.session, size=size) as terminal:
        await open_events(terminal)
        await compare(f"events-{size[0]}", terminal)
