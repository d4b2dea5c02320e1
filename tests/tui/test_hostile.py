"""Hostile names, through every screen: nothing crashes, nothing is obeyed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from previewer.domain.commit.revision import Branch, Commit
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.plan import Plan, RemoveContainer, Step
from previewer.domain.environment.environment import Environment, PortUrl, State
from previewer.domain.progress import Noted, Outcome, TaskFinished, TaskOutput, TaskStarted
from previewer.engine.protocol import LogLine
from previewer.errors import BuildError, EngineUnreachableError
from previewer.present.safe_text import plain
from previewer.tui.bridge import Mailbox
from previewer.tui.job_kinds import DOWN, UP
from previewer.tui.messages import (
    BranchesFailed,
    BranchesRead,
    CommitsRead,
    EnvironmentsFailed,
    EnvironmentsRead,
    FileSaved,
    JobEnded,
    LogsArrived,
    LogsEnded,
    PlanFailed,
    PlanRead,
    UrlOpened,
)
from previewer.tui.request import Request
from previewer.tui.screen_requests import RequestMade, ScreenRequested
from previewer.tui.screens.environment import EnvironmentScreen
from tests.tui.hostile import GROUPS
from tests.worlds.tui import NOW, Terminal, World, terminal_of

names = pytest.mark.parametrize("text", GROUPS.values(), ids=GROUPS.keys())


def make_branch(text: str) -> Branch:
    return Branch(text, "c" * 40, NOW - timedelta(hours=1), text, text, ahead=1, behind=2)


def make_environment(world: World, text: str, role: Role = Role.PREVIEW) -> Environment:
    """A real environment whose every name is hostile."""
    real = world.up("main")
    ownership = replace(real.ownership, environment=text, branch=text, owner=text, role=role, commit=text)
    services = tuple(
        replace(service, name=text + service.name, ports=(PortUrl(text, 80, 0),)) for service in real.services
    )
    return Environment(ownership, State.HEALTHY, services)


def check(terminal: Terminal, text: str) -> None:
    """What is on the screen is plain text, and the first part of it is there."""
    shown = terminal.text
    assert "\x1b" not in shown
    assert shown == "\n".join(plain(one) for one in shown.split("\n"))
    terminal.app.export_screenshot()
    if beginning := plain(text).strip()[:8]:
        assert beginning in shown or len(beginning.encode()) > len(beginning), "wide characters are cut elsewhere"


@names
async def test_home(world: World, text: str) -> None:
    environment = make_environment(world, text)
    async with terminal_of(world.session, size=(200, 40)) as terminal:
        await terminal.until_shown("Memory")
        terminal.app.post_message(BranchesRead((make_branch(text), make_branch(text + "2"))))
        pinned = make_environment(world, text + "3", Role.PRODUCTION)
        terminal.app.post_message(EnvironmentsRead((environment, pinned), engine=text))
        await terminal.until(lambda: len(terminal.app.app_state.branches or ()) == 2)
        check(terminal, text)
        error = EngineUnreachableError(text, where=text, hint=text, details=(text,))
        terminal.app.post_message(EnvironmentsFailed(error))
        terminal.app.post_message(BranchesFailed(error))
        await terminal.until_shown("✖ no engine")
        check(terminal, text)
        await terminal.press("slash")
        terminal.app.screen.query_one("#filter").insert_text_at_cursor("zzz" + text)  # type: ignore[attr-defined]
        await terminal.until_shown("contains “zzz")
        check(terminal, "zzz")


@names
async def test_environment(world: World, text: str) -> None:
    environment = make_environment(world, text)
    async with terminal_of(world.session, size=(120, 40)) as terminal:
        await terminal.until_shown("Memory")
        terminal.app.post_message(BranchesRead((make_branch(text),)))
        terminal.app.post_message(EnvironmentsRead((environment,), engine=text))
        terminal.app.post_message(ScreenRequested.environment(text))
        await terminal.until_on("EnvironmentScreen")
        screen = terminal.app.screen
        assert isinstance(screen, EnvironmentScreen)
        mailbox: Mailbox[LogLine] = Mailbox()
        mailbox.put([LogLine(text, text, NOW, text, is_error=False)] * 3)
        screen.logs.post_message(LogsArrived(mailbox))
        screen.logs.post_message(LogsEnded(BuildError(text, where=text)))
        await terminal.until(lambda: screen.logs.view.line_count >= 3)
        check(terminal, text)
        await terminal.press("W", "t", "7")
        screen.panels["plan"].post_message(PlanRead(Plan(text, (Step(RemoveContainer(text), text),))))
        await terminal.until_shown("remove container")
        check(terminal, "remove")
        screen.panels["plan"].post_message(PlanFailed(BuildError(text, where=text, hint=text)))
        screen.post_message(FileSaved(text, error=BuildError(text)))
        terminal.app.post_message(UrlOpened(text, is_open=False))
        await terminal.until_shown("✖")
        check(terminal, "")


@names
async def test_confirmation_progress_commits_menu_palette(world: World, text: str) -> None:
    environment = make_environment(world, text, Role.PRODUCTION)
    async with terminal_of(world.session, size=(100, 40)) as terminal:
        await terminal.until_shown("Memory")
        terminal.app.post_message(BranchesRead((make_branch(text),)))
        terminal.app.post_message(EnvironmentsRead((environment,), engine=text))
        for request in (Request(DOWN, text, (environment,)), Request(UP, text, revision=text, branch=text)):
            terminal.app.post_message(RequestMade(request))
            await terminal.until_on("ConfirmScreen")
            terminal.app.screen.post_message(PlanRead(Plan(text, (Step(RemoveContainer(text), text),))))
            await terminal.until_shown("remove container")
            check(terminal, "")
            await terminal.press("escape")
            await terminal.until_on("HomeScreen")
        await progress(terminal, text)
        terminal.app.post_message(ScreenRequested.commits(text))
        await terminal.until_on("CommitsScreen")
        terminal.app.screen.post_message(CommitsRead((Commit("c" * 40, "t", NOW, text, text),)))
        await terminal.until_shown("cccccccccccc")
        check(terminal, text)
        await terminal.press("x")
        await terminal.until_on("MenuScreen")
        await terminal.press("escape", "ctrl+p")
        await terminal.until_on("Palette")
        await terminal.type("e")
        await terminal.pilot.pause(0.1)
        check(terminal, "")


async def progress(terminal: Terminal, text: str) -> None:
    work = terminal.context.begin_work(verb="up", subject=text, branch=text)
    for event in (
        TaskStarted(text, "run"),
        TaskOutput(text, text),
        Noted(text, text),
        TaskStarted(text + "2", "run"),
        TaskFinished(text + "2", Outcome.FAILED, 1.0, text),
    ):
        work.board.apply(event, at=1.0)
    terminal.app.post_message(ScreenRequested.progress(work.number))
    await terminal.until_on("ProgressScreen")
    check(terminal, text)
    error = BuildError(text, where=text, hint=text, details=(text, text))
    await terminal.press("escape")
    terminal.app.post_message(JobEnded(work.number, error=error))
    await terminal.until(lambda: not work.is_running)
    check(terminal, "")
    terminal.app.post_message(ScreenRequested.progress(work.number))
    await terminal.until_shown("✖ failed")
    check(terminal, text)
    await terminal.press("escape")
