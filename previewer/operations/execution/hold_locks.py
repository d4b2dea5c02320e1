"""Hold the locks of environments that are to be removed, or of those that can be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from previewer.domain.progress import Noted, Report
from previewer.errors import SourceError
from previewer.operations.session import Session


@contextmanager
def hold_locks(session: Session, names: Sequence[str], *, purpose: str, report: Report) -> Iterator[None]:
    """Hold the lock of every environment inside the block, always in the same order.

    What cannot be written, on a full disk say, is told once, and the block goes on without. Raises
    :class:`LockedError` for one that somebody living holds.
    """
    failures: list[SourceError] = []
    locks = ExitStack()
    try:
        for name in sorted(names):
            try:
                locks.enter_context(session.ledger.lock(name, purpose=purpose))
            except SourceError as error:
                failures.append(error)
        if failures:
            report(Noted(f"{purpose} goes on without a lock: {failures[0]}"))
        yield
    finally:
        try:
            locks.close()
        except SourceError as error:
            report(Noted(f"a lock could not be given back: {error}", hint="it ends with this process"))
