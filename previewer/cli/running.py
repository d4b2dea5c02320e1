"""An operation under way: its events on standard error, its cancellation at the user's hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from previewer.cli.interruption import interruptible
from previewer.cli.invocation import Invocation
from previewer.cli.progress import ProgressMode, make_progress
from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Report
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Running:
    """What an operation asks for."""

    report: Report
    cancellation: Cancellation


@contextmanager
def running(invocation: Invocation, progress: str = ProgressMode.AUTO.value) -> Iterator[Running]:
    """Show progress and listen to signals while the body runs an operation."""
    renderer = make_progress(
        ProgressMode(progress),
        invocation.stderr,
        colour_choice=invocation.colour,
        environment=invocation.environment,
    )
    try:
        with interruptible(renderer.say) as cancellation:
            yield Running(renderer.report, cancellation)
    finally:
        renderer.close()
