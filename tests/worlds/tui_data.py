"""The shop of the terminal interface's tests, whose store keeps a guest book that seeds begin."""

from __future__ import annotations

from previewer.domain.compose.definition import Role
from previewer.testing.memory.container import Behaviour
from tests.worlds.tui import FILES, World

COMPOSE = """\
services:
  web:
    build: web
    ports: ["8080:80"]
  store:
    image: registry.example/store:1
    volumes: ["book:/book", "log:/log"]
  fill:
    image: registry.example/store:1
    command: [fill]
    volumes: ["book:/book"]
volumes:
  book:
  log:
"""
SEEDS = "seeds: {book: {run: fill, volumes: [book]}}"
DEFINITIONS = {
    "envs/preview.yaml": f"include: [../compose.yaml]\nx-previewer: {{{SEEDS}}}\n",
    "envs/staging.yaml": (
        f"include: [../compose.yaml]\nx-previewer: {{lifetime: {{book: environment}}, {SEEDS}}}\n"
    ),
}


class DataWorld(World):
    """Previews begin with seeds; in staging the book outlives releases."""

    def __init__(self) -> None:
        super().__init__()
        self.engine.behaviours["fill"] = Behaviour(exit_code=0)

    def commit(self, branch: str, subject: str, *, author: str = "Ada Lovelace") -> str:
        """Add a commit that changes a file; its id."""
        files = {**FILES, "compose.yaml": COMPOSE, **DEFINITIONS, "web/index.html": f"<h1>{subject!r}</h1>\n"}
        return self.source.commit(branch, files, subject=subject, author=author).id

    def stage_twice(self) -> None:
        """Two releases in staging, one after the other, with one book."""
        self.up("main", Role.STAGING)
        self.commit("main", "Ask for names")
        self.up("main", Role.STAGING)
