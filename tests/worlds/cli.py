"""A repository with branches and environments, all in memory: what the commands are run on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.operations.up import up
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from previewer.testing.memory.source import MemorySource
from tests.cli.runner import Ran, run_cli

COMPOSE = """\
services:
  web:
    build: web
    ports: ["8080:80"]
    depends_on: [api]
  api:
    image: registry.example/api:1
    environment:
      PRICE: "5$$"
      COLOUR: ${COLOUR:-green}
"""
FILES = {
    "compose.yaml": COMPOSE,
    "envs/preview.yaml": "include: [../compose.yaml]\n",
    "envs/production.yaml": "include: [../compose.yaml]\n",
    "web/Dockerfile": "FROM registry.example/base:1\nCOPY . /srv\n",
    "web/index.html": "<h1>shop</h1>\n",
}
PRIVILEGED = "services:\n  web:\n    image: registry.example/web:1\n    privileged: true\n"
HOSTILE_BRANCH = "feature/\u202e[red]🦊"
HOSTILE_SUBJECT = "\x1b[2J[/bold] a\nb \u202e" + "long " * 60


class World:
    """One repository and one engine; every command gets the same session."""

    def __init__(self) -> None:
        self.source = MemorySource()
        first = self.source.commit("main", FILES, subject="Open the shop", author="Ada Lovelace")
        self.source.tag("v1.0", first)
        self.source.commit("feature/guest-book", {**FILES, "web/book.html": ""}, subject="Add a guest book")
        self.source.commit("fix/rights", {"compose.yaml": PRIVILEGED}, subject="Ask for more")
        self.source.commit("broken", {"compose.yaml": "services:\n  web:\n    imag: x\n"}, subject="Slip")
        self.source.commit("nothing", {"README": ""}, subject="Nothing to run")
        self.source.commit(HOSTILE_BRANCH, FILES, subject=HOSTILE_SUBJECT, author="\x1b]0;Eve\x07")
        self.engine = MemoryEngine()
        self.images = MemoryImages()
        self.session = memory_session(source=self.source, engine=self.engine, images=self.images)

    def up(self, revision: str, role: Role = Role.PREVIEW) -> None:
        """Bring an environment up without the command line."""
        up(Run(self.session), revision, DeployRequest(role=role))

    def open_session(
        self, path: str | None, *, docker_host: str | None, environment: Mapping[str, str]
    ) -> AbstractContextManager[Session]:
        """The session, left open when the command ends."""
        del path, docker_host, environment
        return nullcontext(self.session)

    def run(
        self,
        *arguments: str,
        terminal: bool = False,
        typed: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a command line on it."""
        return run_cli(
            *arguments, open_session=self.open_session, environment=environment, terminal=terminal, typed=typed
        )
