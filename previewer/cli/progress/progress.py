"""Progress on standard error: which renderer shows the events of an operation."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Protocol, TextIO

from previewer.cli.terminal import is_automated, is_terminal, wants_colour
from previewer.domain.progress import Event
from previewer.forge.job import Platform


class QuietProgress:
    """Says nothing."""

    def report(self, event: Event) -> None:
        """Nothing."""
        del event

    def say(self, message: str) -> None:
        """Nothing."""
        del message

    def close(self) -> None:
        """Nothing."""


class ProgressMode(Enum):
    """How progress is shown."""

    AUTO = "auto"
    TTY = "tty"
    PLAIN = "plain"
    JSON = "json"
    QUIET = "quiet"


class Progress(Protocol):
    """Shows events as they come, from several threads at once. It never fails and never blocks for long."""

    def report(self, event: Event) -> None:
        """Show an event of an operation."""
        ...

    def say(self, message: str) -> None:
        """Show a message of the front end's own."""
        ...

    def close(self) -> None:
        """Show what is still to be shown, and end."""
        ...


def make_progress(
    mode: ProgressMode,
    stream: TextIO,
    *,
    colour_choice: str,
    environment: Mapping[str, str],
    platform: Platform = Platform.NONE,
) -> Progress:
    """The renderer of ``mode``; ``auto`` is plain in CI, without a terminal and on a dumb one.

    Where the CI system folds what belongs together, ``auto`` says what that is.
    """
    colour = wants_colour(stream, colour_choice, environment)
    if mode is ProgressMode.AUTO and platform in (Platform.GITHUB, Platform.GITLAB):
        from previewer.cli.progress.folded import FoldedProgress

        return FoldedProgress(stream, platform, colour=colour)
    if mode is ProgressMode.AUTO:
        can_move = is_terminal(stream) and environment.get("TERM") != "dumb"
        mode = ProgressMode.TTY if can_move and not is_automated(environment) else ProgressMode.PLAIN
    match mode:
        case ProgressMode.TTY:
            from previewer.cli.progress.terminal import TerminalProgress

            return TerminalProgress(stream, colour=colour)
        case ProgressMode.JSON:
            from previewer.cli.progress.lines import JsonProgress

            return JsonProgress(stream)
        case ProgressMode.QUIET:
            return QuietProgress()
        case _:
            from previewer.cli.progress.lines import PlainProgress

            return PlainProgress(stream, colour=colour)
