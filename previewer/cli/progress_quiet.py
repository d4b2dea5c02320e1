"""No progress at all: errors are still told in the end."""

from __future__ import annotations

from previewer.domain.progress import Event


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
