"""A small shop in memory: a web page, an API and a database, on two branches."""

from __future__ import annotations

from collections.abc import Callable

from previewer.deployment.deployment import UpResult
from previewer.domain.cancellation import Cancellation
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment
from previewer.domain.progress import Event
from previewer.engine.protocol import Selection
from previewer.operations.down import DownResult, down
from previewer.operations.up import up
from previewer.records.environments import list_environments
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource

COMPOSE = """
services:
  web:
    build: web
    ports: ["8080:80"]
    container_name: shop-web
    depends_on:
      api: {condition: service_healthy}
  api:
    image: shop-api
    healthcheck: {test: [CMD, "true"]}
    depends_on:
      migrate: {condition: service_completed_successfully}
  migrate:
    image: shop-api
    command: [migrate]
    depends_on: [db]
  db:
    image: shop-db
    volumes: ["data:/data"]
volumes:
  data:
"""
FILES = {"compose.yaml": COMPOSE, "web/Dockerfile": "FROM base\nCOPY . /\n", "web/page.html": "main"}


class Shop:
    """The session, and what it stands on."""

    def __init__(
        self, *, engine: MemoryEngine | None = None, images: MemoryImages | None = None, compose: str = COMPOSE
    ) -> None:
        self.source = MemorySource()
        files = {**FILES, "compose.yaml": compose}
        self.source.commit("main", files)
        self.source.commit("feature/a", {**files, "web/page.html": "a"})
        self.source.commit("feature-a", {**files, "web/page.html": "also a"})
        self.engine = engine or MemoryEngine()
        self.engine.behaviours.setdefault("migrate", Behaviour(exit_code=0))
        self.images = images or MemoryImages()
        self.events: list[Event] = []
        self.on_event: Callable[[Event], None] = lambda event: None
        """Told of every event when it happens."""
        self.session: Session = memory_session(source=self.source, engine=self.engine, images=self.images)

    def report(self, event: Event) -> None:
        """Where operations report to."""
        self.events.append(event)
        self.on_event(event)

    def commit(self, text: str) -> None:
        """A new commit on main with another page."""
        self.source.commit("main", {**FILES, "web/page.html": text})

    def up(
        self, revision: str = "main", *, cancellation: Cancellation | None = None, **options: object
    ) -> UpResult:
        """Bring a revision up."""
        chosen = DeployRequest(**options)  # type: ignore[arg-type]
        return up(Run(self.session, self.report, cancellation or Cancellation()), revision, chosen)

    def down(self, *names: str) -> DownResult:
        """Take environments down."""
        return down(Run(self.session, self.report), names)

    def environments(self) -> dict[str, Environment]:
        """What is up, by name."""
        return {environment.name: environment for environment in list_environments(self.session)}

    def is_clean(self) -> bool:
        """Whether nothing of anybody is left on the engine."""
        return self.engine.observe(Selection()).is_empty

    def calls(self, method: str) -> list[str]:
        """The names that a method of the engine was called with."""
        return [name for called, name in self.engine.calls if called == method]


def on_call(method: str, act: Callable[[], None]) -> Callable[[str, str], None]:
    """For the engine's ``on_call``: do ``act`` whenever ``method`` is about to happen."""

    def hook(called: str, name: str) -> None:
        del name
        if called == method:
            act()

    return hook
