"""Progress as lines that CI systems fold: one group a stage, on the platforms that have groups."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TextIO

from previewer.cli.ci.github import InertStream
from previewer.cli.ci.github import command as workflow_command
from previewer.cli.ci.gitlab import section_end, section_start
from previewer.cli.progress.lines import PlainProgress, ProgressStream
from previewer.domain.progress import Event, TaskStarted
from previewer.forge.job import Platform

TITLES: Mapping[str, str] = {
    "freeze": "Freeze the commit",
    "run": "Start the environment",
    "down": "Remove the environment",
    "undo": "Undo what was begun",
    "push": "Send the release",
    "pull": "Fetch the release",
}
"""Titles of the stages that are folded. Output of the user's own commands is not."""


class FoldedProgress(PlainProgress):
    """Groups do not nest, and stages overlap: a stage's group lasts until another one begins."""

    def __init__(self, stream: TextIO, platform: Platform, *, colour: bool = False) -> None:
        super().__init__(stream, colour=colour)
        self._marks = ProgressStream(stream.raw if isinstance(stream, InertStream) else stream)
        self._platform = platform
        self._stage = ""
        self._number = 0
        self._fold = threading.Lock()

    def report(self, event: Event) -> None:
        """Print the event, in its stage's group."""
        if isinstance(event, TaskStarted):
            with self._fold:
                # Packages of images are listed while they run already.
                if event.stage != self._stage and (self._stage, event.stage) != ("run", "freeze"):
                    self._turn_to(event.stage)
        super().report(event)

    def close(self) -> None:
        """End the last group."""
        with self._fold:
            self._turn_to("")

    def _turn_to(self, stage: str) -> None:
        is_github, now = self._platform is Platform.GITHUB, time.time()
        if self._stage in TITLES:
            self._mark("::endgroup::" if is_github else section_end(self._section, now))
        self._stage = stage
        if (title := TITLES.get(stage)) is not None:
            self._number += 1
            self._mark(workflow_command("group", title) if is_github else section_start(self._section, title, now))

    @property
    def _section(self) -> str:
        return f"previewer_{self._number}_{self._stage}"

    def _mark(self, text: str) -> None:
        self._marks.write(f"{text}\n")
