"""Report touches of environments at the moment they happen, and note them while something else goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress

from previewer.background import begin
from previewer.deployment.drift import EnvironmentDrift, ExaminedFiles, UnseenFiles, check_drift
from previewer.deployment.touches import record_taints
from previewer.domain.drift.finding import Finding
from previewer.domain.engine.examination import EngineHappening
from previewer.domain.environment.environment import Environment
from previewer.domain.labels import INSTALLATION
from previewer.domain.progress import Noted
from previewer.errors import NotFoundError, PreviewerError
from previewer.session.run import Run
from previewer.session.session import Session

MOST_EVENTS = 10_000
"""Events that are kept: the engine itself forgets much sooner."""
QUIET = frozenset({"exec_start", "exec_die", "health_status", "resize"})
"""Events that never say anything new: health checks make some several times a second."""
GATHERING = 0.3
"""Seconds from an event to the look: what belongs together mostly comes within."""


def watch_touches(
    run: Run,
    names: Collection[str],
    *,
    tell: Callable[[EnvironmentDrift, Sequence[Finding]], None],
    files: ExaminedFiles | None = None,
    noted: Callable[[EnvironmentDrift], None] = lambda _drift: None,
) -> None:
    """Tell of every finding that is new, as soon as the engine tells of it, and note the touched environments.

    It begins with what there is already, goes on until ``cancellation`` is requested, and ends quietly where the
    engine goes away. ``tell`` gets an environment's verdict and the findings that were not there before;
    ``files`` is how file systems are looked at, every one each time unless it says otherwise. ``noted`` gets each
    environment that was tainted now: not one that is being changed, which may look like touched.
    """
    session = run.session
    stream = session.examiner.watch_events()
    forget = run.cancellation.on_request(stream.close)
    known: set[tuple[str, ...]] = set()
    seen: deque[EngineHappening] = deque(maxlen=MOST_EVENTS)
    try:
        present = _look(session, names, known, seen, tell, files, noted)
        for batch in stream:
            matter = [event for event in batch if _matters(event, session.source.installation, present)]
            seen.extend(matter)
            if matter and not run.cancellation.wait(GATHERING):
                present = _look(session, names, known, seen, tell, files, noted)
    finally:
        forget()
        stream.close()


def _matters(event: EngineHappening, installation: str, present: Sequence[Environment]) -> bool:
    """Whether it may be about one of the repository's environments, of which ``present`` were seen last."""
    if event.kind == "network":
        containers = (c.id for one in present for service in one.services for c in service.containers)
        is_on_ours = event.name.startswith(tuple(one.name for one in present))
        return is_on_ours or event.attributes.get("container", "") in containers
    is_ours = event.attributes.get(INSTALLATION) == installation
    return event.kind == "container" and is_ours and event.action not in QUIET


def _look(
    session: Session,
    names: Collection[str],
    known: set[tuple[str, ...]],
    seen: Sequence[EngineHappening],
    tell: Callable[[EnvironmentDrift, Sequence[Finding]], None],
    files: ExaminedFiles | None,
    noted: Callable[[EnvironmentDrift], None],
) -> tuple[Environment, ...]:
    """The environments that were there to be looked at."""
    try:
        drifts = check_drift(session, names, files=files, happenings=tuple(seen))
    except NotFoundError:
        return ()  # taken down: there may be another of the name later
    for drift in drifts:
        fresh = [finding for finding in drift.findings if _key(finding) not in known]
        known.update(_key(finding) for finding in fresh)
        if fresh:
            tell(drift, fresh)
    tainted = record_taints(session, drifts, happenings=tuple(seen))
    for drift in drifts:
        if drift.environment.name in tainted:
            noted(drift)
    return tuple(drift.environment for drift in drifts)


def _key(finding: Finding) -> tuple[str, ...]:
    """Two looks hash values with two keys, so values are no part of it."""
    timestamp = finding.at.isoformat() if finding.at else ""
    return (finding.environment, finding.kind, finding.where, timestamp)


PAUSE = 10.0
"""Seconds until the next attempt where the engine went away."""


def watch_taints(
    run: Run,
) -> Future[None]:
    """Note and report every environment that is touched, in a thread of its own until ``cancellation``.

    File systems are not looked at: what is in them proves no touch. An engine that is away is waited for.
    """

    def ignore(drift: EnvironmentDrift, fresh: Sequence[Finding]) -> None:
        del drift, fresh

    def tell(drift: EnvironmentDrift) -> None:
        name = drift.environment.name
        run.report(Noted(f"{name} was changed by hand: {drift.touches[0].what}", hint=f"previewer replace {name}"))

    def work() -> None:
        while not run.cancellation.requested:
            with suppress(PreviewerError):  # other calls to the engine report it
                watch_touches(run, (), tell=ignore, noted=tell, files=UnseenFiles())
            run.cancellation.wait(PAUSE)

    return begin(work, name="previewer-taints")
