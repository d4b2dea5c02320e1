"""The product as a user meets it: its command line, run on the sample repository."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60
"""Seconds that an interrupted command has to undo what it began."""


class CommandFailedError(Exception):
    """A command of the product ended with another code than 0; it has said why itself."""


@dataclass(frozen=True)
class UpFacts:
    """What ``previewer up -o json`` says."""

    environment: str
    urls: dict[str, list[str]]
    """By service."""


@dataclass(frozen=True)
class Product:
    """previewer on one repository."""

    repository: Path

    def up(self, revision: str, *options: str) -> UpFacts:
        """Bring ``revision`` up and wait until it is healthy."""
        said = json.loads(self.run("up", revision, *options, "--output", "json", capture=True))
        return UpFacts(said["environment"], said["urls"])

    def show_environments(self) -> None:
        """Print the environments."""
        self.run("ls")

    def down_all(self) -> None:
        """Remove every environment."""
        self.run("down", "--all", "--yes")

    def prune(self) -> None:
        """Remove the images that were frozen, and the data that was made once."""
        self.run("data", "prune", "--keep", "0", "--yes")
        self.run("prune", "--keep", "0", "--yes")

    def open_interface(self) -> None:
        """Open the terminal interface, and come back when the user leaves it."""
        subprocess.run(self.command(), check=False)

    def command(self, *arguments: str) -> list[str]:
        """A command line of the product on this repository."""
        return [sys.executable, "-m", "previewer", "--repo", str(self.repository), *arguments]

    def run(self, *arguments: str, capture: bool = False) -> str:
        """What a command prints, run in a session of its own, so that Ctrl-C reaches it once and from here only.

        Raises :class:`CommandFailedError`.
        """
        print(f"$ previewer {' '.join(arguments)}", file=sys.stderr, flush=True)
        command = subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if capture else None,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = command.communicate()
        except BaseException:
            end(command)
            raise
        if command.returncode:
            raise CommandFailedError(f"`previewer {' '.join(arguments)}` ended with code {command.returncode}")
        return said or ""


def end(command: subprocess.Popen[str]) -> None:
    """Tell a command to end, and wait until it has undone what it began."""
    command.terminate()
    try:
        command.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        command.kill()
        command.communicate()
