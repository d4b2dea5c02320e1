"""Note who is touched while something else goes on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress

from previewer.background import begin
from previewer.domain.cancellation import Cancellation
from previewer.domain.drift.finding import Finding
from previewer.domain.progress import Noted, Report
from previewer.errors import PreviewerError
from previewer.operations.drift import EnvironmentDrift
from previewer.operations.examined_files import UnseenFiles
from previewer.operations.session import Session
from previewer.operations.watching.touches import watch_touches

PAUSE = 10.0
"""Seconds until the next attempt where the engine went away."""


def watch_taints(session: Session, *, report: Report, cancellation: Cancellation) -> Future[None]:
    """Note every environment that somebody touches, and tell, in a thread of its own until ``cancellation``.

    File systems are not looked at: what is in them proves no touch. An engine that is away is waited for.
    """

    def ignore(drift: EnvironmentDrift, fresh: Sequence[Finding]) -> None:
        del drift, fresh

    def tell(drift: EnvironmentDrift) -> None:
        name = drift.environment.name
        report(Noted(f"somebody touched {name}: {drift.touches[0].what}", hint=f"previewer replace {name}"))

    def work() -> None:
        while not cancellation.requested:
            with suppress(PreviewerError):  # whoever works with the engine tells of it
                watch_touches(session, (), tell=ignore, noted=tell, cancellation=cancellation, files=UnseenFiles())
            cancellation.wait(PAUSE)

    return begin(work, name="previewer-taints")
