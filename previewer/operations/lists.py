"""List the repository's branches, commits, releases and history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from previewer.domain.commit.revision import Branch, Commit, short_id
from previewer.domain.environment.environment import OverviewRow, overview
from previewer.domain.naming import environment_name, slug
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.release import Release
from previewer.errors import EngineUnreachableError
from previewer.operations.inspect import known_good_in, running_in
from previewer.records.environments import check_head, find_environment, list_environments
from previewer.session.session import Session

if TYPE_CHECKING:
    from previewer.domain.environment.environment import Environment


def list_branches(session: Session, *, remote: bool = False, pattern: str | None = None) -> tuple[Branch, ...]:
    """Branches, newest tip first; with ``pattern`` only those whose name matches the glob.

    The pattern may leave out the remote of a remote branch: ``feature/*`` matches ``origin/feature/x`` too.
    """
    branches = session.source.branches(remote=remote)
    if pattern is None:
        return branches
    return tuple(branch for branch in branches if any(fnmatchcase(n, pattern) for n in _names(branch)))


def _names(branch: Branch) -> tuple[str, ...]:
    return (branch.name, branch.remote_name) if branch.remote_name is not None else (branch.name,)


def join_environments(
    session: Session, branches: Sequence[Branch], environments: Sequence[Environment]
) -> tuple[OverviewRow, ...]:
    """Branches beside ``environments``; of those that run no listed branch, their commits are looked up."""
    orphans = [row.environment for row in overview(branches, environments) if row.branch is None]
    ids = {environment.ownership.commit for environment in orphans if environment is not None}
    commits = {commit: found for commit in ids if (found := session.source.find_commit(commit)) is not None}
    return overview(branches, environments, commits)


def list_commits(session: Session, revision: str, *, limit: int) -> tuple[Commit, ...]:
    """The newest commits that ``revision`` contains, newest first."""
    return session.source.commits(revision, limit=limit)


def list_history(
    session: Session, *, environment: str | None = None, limit: int | None = None
) -> tuple[LedgerEntry, ...]:
    """What was done, newest first; with ``environment`` (a name, a branch or a role) only to that one.

    Without a repository it is what labels say of those environments that are there.
    """
    if session.assumed and not session.ledger.head():
        return tuple(islice(_labelled(session, environment), limit))
    check_head(session)
    if environment is None:
        return session.ledger.entries(limit=limit)
    names = {environment, environment_name(session.project, environment), slug(environment)}
    matching = (entry for entry in session.ledger.entries() if entry.environment in names)
    return tuple(islice(matching, limit))


def _labelled(session: Session, environment: str | None) -> Iterator[LedgerEntry]:
    """The entry that made each environment, newest first."""
    found = list_environments(session)
    if environment is not None:
        found = (find_environment(session, environment, among=found),)
    for one in sorted(found, key=lambda one: one.created_at, reverse=True):
        owner = one.ownership
        detail = (
            f"generation {owner.generation}, {owner.branch or short_id(owner.commit)}; only labels are known here"
        )
        yield LedgerEntry(
            "up",
            owner.created_at,
            owner.owner,
            one.name,
            release=owner.release,
            commit=owner.commit,
            detail=detail,
        )


class ListedRelease(Struct, frozen=True):
    """A release, and who needs it."""

    release: Release
    running: tuple[str, ...] | None
    """The environments that run it, or keep it to roll back to; ``None`` where no engine answers."""
    known_good: tuple[str, ...]
    """The environments that it was good in."""
    is_signed: bool
    """Whether it is signed; `previewer inspect` says whether the signature is good."""
    is_published: bool | None
    """Whether a remote has it; ``None`` where it was not asked."""


def list_releases(session: Session, *, remote: str | None = None) -> tuple[ListedRelease, ...]:
    """Every release that the repository keeps, newest commit first; with ``remote`` also whether that has it.

    Raises :class:`SourceError` where the remote does not answer.
    """
    releases = session.ledger.releases()
    if not releases:
        return ()
    good, signed = known_good_in(session), session.ledger.signed()
    published = session.ledger.published(remote) if remote is not None else None
    try:
        running = running_in(session)
    except EngineUnreachableError:
        running = None
    return tuple(
        ListedRelease(
            release=release,
            running=running.get(release.id, ()) if running is not None else None,
            known_good=good.get(release.id, ()),
            is_signed=release.id in signed,
            is_published=release.id in published if published is not None else None,
        )
        for release in releases
    )
