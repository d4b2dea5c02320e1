"""List environments, find the one that a user means, and choose those that have outlived their purpose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from previewer.domain.commit.revision import BranchView
from previewer.domain.compose.definition import Role
from previewer.domain.engine.observation import Observation, ObservedContainer
from previewer.domain.environment.ending import Ended, Ends, find_ended
from previewer.domain.environment.environment import Environment, State
from previewer.domain.environment.environment import list_environments as environments_in
from previewer.domain.labels import Ownership
from previewer.domain.naming import environment_name, slug
from previewer.domain.progress import Noted
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry
from previewer.engine.protocol import LogOptions, Selection
from previewer.errors import EngineError, NotFoundError, PreviewerError, SourceError
from previewer.process_identity import has_ended
from previewer.records.masking import MaskedLines, mask_of
from previewer.records.tombstones import find_tombstone
from previewer.session.run import Run
from previewer.session.session import Session

Environments = tuple[Environment, ...]
FEW_LINES = 10
"""The last of a log, among which one is looked for that says something."""


def check_head(session: Session, observed: Observation | None = None) -> None:
    """Have a history that went back be among the session's faults, by what our newest object on the engine says.

    Without ``observed`` the engine is asked, where nothing else remembers how the history ended.
    """
    if observed is None:
        if session.ledger.remembers_head:
            return
        try:
            observed = session.engine.observe(Selection(session.source.installation))
        except EngineError:
            return
    owners = observed.of_installation(session.source.installation).owners
    own = (owner for owner in owners if session.began(owner.operation))
    newest = max(own, key=lambda owner: (owner.created_at, owner.generation), default=None)
    if newest is not None and newest.head:
        session.ledger.check_anchor(newest.head)


def list_environments(session: Session, *, everywhere: bool = False) -> Environments:
    """The repository's environments, by name; with ``everywhere`` those of all repositories on the engine."""
    if not everywhere:
        observed = session.engine.observe(Selection(installation=session.source.installation))
        check_head(session, observed)
        return environments_in(observed, session.known_notes())
    everything = session.engine.observe(Selection())
    check_head(session, everything)
    installations = sorted({owner.installation for owner in everything.owners})
    ours, notes = session.source.installation, session.known_notes()
    found = [
        environment
        for one in installations
        for environment in environments_in(everything.of_installation(one), notes if one == ours else None)
    ]
    return tuple(sorted(found, key=lambda environment: environment.name))


def failures_of(session: Session, environment: Environment) -> tuple[str, ...]:
    """How its services failed: a line each, with exit code and the last line of the log, without secrets' values.

    The engine is asked only where one failed. Raises nothing for a log that cannot be read.
    """
    failed = [service for service in environment.services if service.state is State.FAILED]
    return tuple(
        f"{service.name} {_end_of(session, environment, container)}"
        for service in failed
        for container in service.containers
    )


def _end_of(session: Session, environment: Environment, container: ObservedContainer) -> str:
    ended = "failed" if container.exit_code is None else f"ended with exit code {container.exit_code}"
    try:
        mask = mask_of(session, environment.ownership.release)
        stream = MaskedLines(session.engine.logs([container.name], LogOptions(tail=FEW_LINES)), mask)
        try:
            texts = [text for batch in stream for line in batch if (text := line.text.strip())]
        finally:
            stream.close()
    except PreviewerError:  # it, its release or the engine is gone
        return ended
    return f"{ended}: {texts[-1]}" if texts else ended


def find_environment(session: Session, text: str, *, among: Environments | None = None) -> Environment:
    """The environment that ``text`` names: its name or role, its branch, its commit, any other revision that
    ``up`` takes, or a unique beginning of its name or commit.

    Branches and commits mean previews only, so that a second `down main` never reaches staging or production.
    ``among`` are the repository's environments, for a caller that has listed them already. Raises
    :class:`NotFoundError` with the nearest names, or with the several that it could mean.
    """
    environments = list_environments(session) if among is None else among
    for matches in _readings(session, environments, text):
        if len(matches) == 1:
            return matches[0]
        if matches:
            several = ", ".join(environment.name for environment in matches)
            raise NotFoundError(f"several environments match: {several}", where=text, hint="give the whole name")
    raise NotFoundError("no such environment", where=text, hint=_hint(session, environments, text))


def _readings(session: Session, environments: Environments, text: str) -> Iterator[Environments]:
    """What ``text`` may mean, best first. Settings and git are asked only where nothing before fits."""
    yield _called(environments, text)
    # By the labels' own word for the project: for what the settings call it, git and files are to be asked.
    yield tuple(e for e in environments if e.name == environment_name(e.ownership.project, text))
    yield _called(environments, slug(text))
    previews = tuple(e for e in environments if e.role is Role.PREVIEW)
    yield tuple(e for e in previews if text in (e.ownership.branch, e.ownership.commit))
    yield _of_revision(session, previews, text) if previews else ()
    yield _beginning(environments, text)


def _called(environments: Environments, name: str) -> Environments:
    return tuple(e for e in environments if e.name == name)


def _of_revision(session: Session, previews: Environments, text: str) -> Environments:
    """The previews that ``previewer up TEXT`` would have made: of its branch, else of its very commit."""
    try:
        resolved = session.source.resolve(text)
    except (NotFoundError, SourceError):
        return ()
    if resolved.branch is not None:
        return tuple(e for e in previews if e.ownership.branch == resolved.branch)
    of_commit = tuple(e for e in previews if e.ownership.commit == resolved.commit.id)
    return tuple(e for e in of_commit if e.ownership.branch is None) or of_commit


def _beginning(environments: Environments, text: str) -> Environments:
    if not text:
        return ()
    return tuple(
        e
        for e in environments
        if e.name.startswith(text)
        or e.name.removeprefix(f"{e.ownership.project}-").startswith(text)
        or (len(text) >= 4 and e.role is Role.PREVIEW and e.ownership.commit.startswith(text))
    )


def _hint(session: Session, environments: Environments, text: str) -> str:
    try:
        gone = find_tombstone(session, text).tombstone.environment
    except (NotFoundError, SourceError):
        pass
    else:
        return f"it was removed: `previewer status --gone {gone}` shows what is remembered of it"
    names = [environment.name for environment in environments]
    from difflib import get_close_matches  # takes its time to load, for mistakes only

    near = get_close_matches(text, names, n=3, cutoff=0.4) or names[:5]
    return f"there is {', '.join(near)}" if near else f"`previewer up {text}` makes one"


INCOMPLETE = "this clone does not have every branch, so that none counts as gone"
UNKNOWN = "no branch is known here, so that none counts as gone"
UNKNOWN_HINT = "run it in a clone, or let --expired remove what has outlived its time"
INCOMPLETE_HINT = "fetch them all: git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'"


def find_ended_environments(run: Run, ends: Ends) -> Ended:
    """The repository's environments of which one of ``ends`` is true, and those that their role or a pin keeps.

    Git is asked only where it matters. What is unknown (in a shallow clone, which branches are gone) is reported.
    """
    environments = list_environments(run.session)
    view = BranchView()
    if ends.asks_git:
        names = {environment.ownership.branch for environment in environments}
        view = run.session.source.branch_view(about=names.__contains__)
        if ends.branch_gone and not view.is_complete:
            run.report(Noted(INCOMPLETE, INCOMPLETE_HINT) if view.known else Noted(UNKNOWN, UNKNOWN_HINT))
    return find_ended(environments, ends, view, run.session.clock(), has_ended)


def environment_entry(
    session: Session,
    owner: Ownership,
    *,
    action: str,
    detail: str,
    began: datetime | None = None,
    notes: EnvironmentNotes | None = None,
) -> LedgerEntry:
    """What this session's user does to ``owner``'s generation now.

    ``began`` is when the first container was started or stopped for it. ``notes`` are what is true of the
    environment from now on; with ``None`` everything stays as it was noted.
    """
    return LedgerEntry(
        action=action,
        at=session.clock(),
        actor=session.source.actor,
        environment=owner.environment,
        release=owner.release,
        commit=owner.commit,
        detail=detail,
        began=began,
        engine_ahead=session.engine.clock_ahead() // timedelta(milliseconds=1),
        notes={owner.environment: notes} if notes is not None else {},
    )
