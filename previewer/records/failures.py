"""Remember an attempt to bring an environment up that failed: why in the history, and what it wrote last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from msgspec.structs import replace

from previewer.domain.commit.revision import short_id
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import list_environments
from previewer.domain.labels import Ownership
from previewer.domain.progress import Noted
from previewer.domain.record.notes import NOTHING_NOTED, FailedAttempt, LedgerEntry
from previewer.engine.protocol import Selection
from previewer.errors import (
    EngineError,
    EngineUnreachableError,
    FreezeError,
    LockedError,
    PreviewerError,
    SourceError,
    TimedOutError,
    UnhealthyError,
)
from previewer.records.masking import mask_of
from previewer.records.tombstones import TombstoneWriter
from previewer.session.run import Run

ACTION = "fail"
"""In the history."""
CAUSE = "it did not come up"
_FAILURES = (UnhealthyError, FreezeError, TimedOutError, EngineError)
"""Errors of what was begun; others say before anything is made that it cannot be."""


def is_failure(error: BaseException) -> bool:
    """Whether it is about what was brought up, and can be written down: not that the engine went away."""
    return isinstance(error, _FAILURES) and not isinstance(error, EngineUnreachableError)


@contextmanager
def noting_failure(
    run: Run, request: DeployRequest, environment: str, commit: str, branch: str | None
) -> Iterator[None]:
    """Have the history know of an attempt that fails inside the block, as long as no other run has begun one.

    Its error must be masked where it leaves the block. Nothing is noted of what would end with its process: the
    one who started that is told.
    """
    try:
        yield
    except PreviewerError as error:
        if request.process is None and is_failure(error):
            attempt = FailedAttempt(commit, branch, run.session.clock(), " ".join(str(error).split()))
            with suppress(LockedError, SourceError):  # the failure itself counts more than what is known of it
                _note(run, environment, attempt)
        raise


def _note(run: Run, environment: str, attempt: FailedAttempt) -> None:
    session = run.session
    with session.ledger.lock(environment, purpose="note a failure"):
        before = session.ledger.notes().get(environment, NOTHING_NOTED)
        session.ledger.append(
            LedgerEntry(
                ACTION,
                attempt.at,
                session.source.actor,
                environment,
                commit=attempt.commit,
                detail=f"{attempt.branch or short_id(attempt.commit)} did not come up: {attempt.reason}",
                notes={environment: replace(before, failed=attempt)},
            )
        )


def keep_last_lines(run: Run, owner: Ownership, failure: BaseException) -> None:
    """A tombstone of what ``owner`` labels, before it is removed because of ``failure``.

    What cannot be kept is told, and keeps nothing from being removed.
    """
    if owner.process is not None or not is_failure(failure):
        return
    session = run.session
    try:
        made = session.engine.observe(Selection(owner.installation, operation=owner.operation))
        if not made.containers:
            return
        cause = f"{CAUSE}: {mask_of(session, owner.release)(str(failure))}"
        writer = TombstoneWriter(session, list_environments(made), made, {owner.environment: cause})
        writer.capture(made)
        writer.finish()
    except PreviewerError as error:
        run.report(Noted(f"its last lines could not be kept: {error}"))
