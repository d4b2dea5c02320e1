"""Tell what somebody does to environments at the moment they do it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence

from previewer.domain.cancellation import Cancellation
from previewer.domain.drift.finding import Finding
from previewer.domain.examination import EngineHappening
from previewer.errors import NotFoundError
from previewer.operations.drift import EnvironmentDrift, check_drift
from previewer.operations.session import Session
from previewer.operations.taint import record_taints

MOST_EVENTS = 10_000
"""That are kept: the engine itself forgets much sooner."""
QUIET = frozenset({"exec_start", "exec_die", "health_status", "resize"})
"""Events that never say anything new: health checks make some several times a second."""


def watch_touches(
    session: Session,
    names: Collection[str],
    *,
    tell: Callable[[EnvironmentDrift, Sequence[Finding]], None],
    cancellation: Cancellation,
) -> None:
    """Tell of every finding that is new, as soon as the engine tells of it, and note the touched environments.

    It begins with what there is already, goes on until ``cancellation`` is requested, and ends quietly where the
    engine goes away. ``tell`` gets an environment's verdict and the findings that were not there before.
    """
    stream = session.examiner.watch_events()
    forget = cancellation.on_request(stream.close)
    known: set[tuple[str, ...]] = set()
    seen: deque[EngineHappening] = deque(maxlen=MOST_EVENTS)
    try:
        _look(session, names, known, seen, tell)
        for batch in stream:
            matter = [event for event in batch if event.kind != "image" and event.action not in QUIET]
            seen.extend(matter)
            if matter:
                _look(session, names, known, seen, tell)
    finally:
        forget()
        stream.close()


def _look(
    session: Session,
    names: Collection[str],
    known: set[tuple[str, ...]],
    seen: Sequence[EngineHappening],
    tell: Callable[[EnvironmentDrift, Sequence[Finding]], None],
) -> None:
    try:
        drifts = check_drift(session, names, happenings=tuple(seen))
    except NotFoundError:
        return  # taken down: there may be another of the name later
    for drift in drifts:
        fresh = [finding for finding in drift.findings if _key(finding) not in known]
        known.update(_key(finding) for finding in fresh)
        if fresh:
            tell(drift, fresh)
    record_taints(session, drifts, happenings=tuple(seen))


def _key(finding: Finding) -> tuple[str, ...]:
    """Two looks hash values with two keys, so values are no part of it."""
    moment = finding.at.isoformat() if finding.at else ""
    return (finding.environment, finding.kind, finding.where, moment)
