"""A repository and an engine in memory, and a terminal to use them from."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from textual.pilot import Pilot

from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.engine.examination import EngineHappening
from previewer.domain.environment.environment import Environment
from previewer.errors import EngineUnreachableError, PreviewerError
from previewer.operations.up import up
from previewer.records.environments import list_environments
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.examiner import MemoryExaminer
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import MemoryClients, memory_session
from previewer.testing.memory.source import MemorySource
from previewer.tui.app import PreviewerApp
from previewer.tui.context import AppContext
from previewer.tui.memory import Memory
from previewer.tui.themes import DARK
from previewer.tui.widgets.home_panes import GlancePane

COMPOSE = """\
services:
  web:
    build: web
    ports: ["8080:80"]
    depends_on: [api]
  api:
    image: registry.example/api:1
    ports: ["9000"]
  store:
    image: registry.example/store:1
"""
FILES = {
    "compose.yaml": COMPOSE,
    "envs/preview.yaml": "include: [../compose.yaml]\n",
    "envs/staging.yaml": "include: [../compose.yaml]\n",
    "envs/production.yaml": "include: [../compose.yaml]\n",
    "web/Dockerfile": "FROM registry.example/base:1\nCOPY . /srv\n",
    "web/index.html": "<h1>shop</h1>\n",
}
NOW = datetime(2024, 1, 4, 12, 0, tzinfo=UTC)
UNREACHABLE = EngineUnreachableError(
    "no Docker engine answers", where="unix:///var/run/docker.sock", hint="start it: systemctl start docker"
)
BEHAVIOURS = {
    "web": Behaviour(lines=("listening on 80", "GET / 200")),
    "api": Behaviour(lines=("ready", "\x1b[32mINFO\x1b[0m guests: 3")),
    "store": Behaviour(lines=("opened the store",)),
}


class World:
    """One repository and one engine."""

    def __init__(self) -> None:
        self.source = MemorySource()
        self.source.commit("nothing", {"README": ""}, subject="Nothing to run")
        self.commit("main", "Open the shop", author="Ada Lovelace")
        self.commit("feature/guest-book", "Add a guest book", author="Grace Hopper")
        self.commit("feature/dark-theme", "A dark theme for the night shift", author="Katherine Johnson")
        self.engine = MemoryEngine(behaviours=BEHAVIOURS, clock=lambda: NOW - timedelta(minutes=5))
        self.images = MemoryImages()
        self.examiner = MemoryExaminer(self.engine)
        self.is_reachable = True
        self.failure: PreviewerError = UNREACHABLE
        """What is said while it is not."""
        self.gate = threading.Event()
        """While it is closed the engine does not answer."""
        self.gate.set()
        self.session: Session = memory_session(
            source=self.source, engine=self.engine, images=self.images, now=NOW, connect=self._connect
        )

    def commit(self, branch: str, subject: str, *, author: str = "Ada Lovelace") -> str:
        """Add a commit that changes a file; its id."""
        files = {**FILES, "web/index.html": f"<h1>{subject!r}</h1>\n"}
        return self.source.commit(branch, files, subject=subject, author=author).id

    def up(self, revision: str, role: Role = Role.PREVIEW) -> Environment:
        """Bring an environment up without the interface."""
        options = DeployRequest(role=role)
        return up(Run(self.session), revision, options).environment

    def names(self) -> tuple[str, ...]:
        """The names of those that exist now, on the engine itself."""
        return tuple(environment.name for environment in list_environments(self.session))

    def environment(self, name: str) -> Environment:
        """The environment as it is now, on the engine itself and in the ledger."""
        return next(found for found in list_environments(self.session) if found.name == name)

    def touch(self, environment: str, service: str = "web") -> None:
        """Run a command in a container by hand, as the engine tells it."""
        status = next(s for s in self.environment(environment).services if s.name == service)
        container = status.containers[0]
        at = NOW + timedelta(seconds=1)
        event = EngineHappening("container", "exec_create", " sh -c id", container.id, container.name, at)
        self.examiner.happenings.append(event)

    def _connect(self) -> MemoryClients:
        self.gate.wait(10)
        if not self.is_reachable:
            raise self.failure
        return MemoryClients(self.engine, self.images, self.examiner)


class Terminal:
    """The application in a terminal that a test looks at and types into."""

    def __init__(self, app: PreviewerApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def context(self) -> AppContext:
        """What the screens share."""
        return self.app.context

    @property
    def text(self) -> str:
        """What is to be read on the screen now."""
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())

    @property
    def screen_name(self) -> str:
        """The class of the screen in front."""
        return type(self.app.screen).__name__

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*text)

    async def until(self, condition: Callable[[], object], *, seconds: float = 20.0) -> None:
        """Wait until something is true; fails with what the screen shows."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                await self.pilot.pause()
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"it did not come true within {seconds} s; the screen:\n{self.text}")

    async def until_shown(self, *texts: str, seconds: float = 20.0) -> None:
        """Wait until all of these are to be read."""
        await self.until(lambda: all(text in self.text for text in texts), seconds=seconds)

    async def until_at_rest(self) -> None:
        """Wait until every question is answered and nothing is about to be asked."""
        for _ in range(4):
            await self.until(lambda: self._is_at_rest)
            await self.pilot.pause(0.05)
        await self.until(lambda: self._is_at_rest)

    @property
    def _is_at_rest(self) -> bool:
        bridge, screen = self.context.bridge, self.app.screen
        is_asking = bool(bridge._running or bridge._waiting or self.app.schedule._settling)
        return not is_asking and all(pane.is_at_rest for pane in screen.query(GlancePane))

    async def until_on(self, screen_name: str) -> None:
        """Wait until a screen is in front."""
        await self.until(lambda: self.screen_name == screen_name)


@asynccontextmanager
async def terminal_of(
    session: Session,
    *,
    size: tuple[int, int] = (120, 36),
    theme: str | None = None,
    monotonic: Callable[[], float] = lambda: 100.0,
    notifications: bool = False,
    memory: Memory | None = None,
) -> AsyncIterator[Terminal]:
    """The application, running. Unless ``monotonic`` says else, time stands still; nothing is animated.

    Notifications, which come and go, are drawn only where they are what is looked at.
    """
    app = PreviewerApp(session, monotonic=monotonic, theme=theme or DARK.name, memory=memory)
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=notifications) as pilot:
        yield Terminal(app, pilot)
