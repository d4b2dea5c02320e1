"""Tells a user who looks elsewhere: the terminal's title says what runs, long work ends with a sound or a note."""

from __future__ import annotations

from collections.abc import Callable

from previewer.domain.progress import Notify
from previewer.present.safe_text import plain
from previewer.tui.job import Job, JobState

SAVE_TITLE, RESTORE_TITLE = "\x1b[22;0t", "\x1b[23;0t"
"""On xterm's stack of titles."""
BELL = "\a"
_SIGNS = {JobState.SUCCEEDED: "✔", JobState.FAILED: "✖", JobState.CANCELLED: "⊘"}
MOST_CHARACTERS = 80


class Attention:
    """Belongs to the user interface's thread."""

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        how: Notify,
        after: float,
        project: str,
        has_title: bool = True,
    ) -> None:
        """``write`` sends to the terminal; work of at least ``after`` seconds is long."""
        self._write = write
        self._how = how
        self._after = after
        self._project = project
        self._has_title = has_title and how is not Notify.OFF

    def rest(self) -> None:
        """Nothing runs, and the last end has been seen."""
        self._title("")

    def begun(self, job: Job) -> None:
        """It runs from now on."""
        self._title(f"… {job.title}")

    def ended(self, job: Job, now: float) -> None:
        """It is over; ``now`` in seconds, on the application's own clock."""
        words = f"{_SIGNS.get(job.state, '')} {job.title}".strip()
        self._title(words)
        if job.elapsed(now) < self._after:
            return
        if self._how is Notify.BELL:
            self._write(BELL)
        elif self._how is Notify.NOTIFICATION:
            self._write(f"\x1b]9;{_safe(f'{words} · {self._project}')}\x1b\\")

    def _title(self, words: str) -> None:
        if self._has_title:
            text = f"{words} · {self._project}" if words else f"{self._project} · previewer"
            self._write(f"\x1b]2;{_safe(text)}\x1b\\")


def _safe(text: str) -> str:
    """What names a branch has must not end the sequence, nor begin another one."""
    return plain(text)[:MOST_CHARACTERS]
