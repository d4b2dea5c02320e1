"""Find the release that a user means, and the branch that a release is from."""

from __future__ import annotations

import re
from sys import maxsize

from previewer.domain.release.release import Release
from previewer.errors import AmbiguousError, EngineUnreachableError, NotFoundError, SourceError
from previewer.records.environments import find_environment
from previewer.releases.registry_access import is_vouched_for
from previewer.session.session import Session


def find_branch(session: Session, release: Release) -> str | None:
    """The branch whose tip is the release's commit, else the default branch if it contains the commit.

    ``None`` where neither can be shown, a repository without the commit included: no branch's trust then holds.
    It does not hold for pulled releases without a voucher either: anybody can name a commit.
    """
    if not is_vouched_for(session, release.id):
        return None
    try:
        default = session.source.default_branch()
        tips = [branch.name for branch in session.source.branches() if branch.commit == release.commit]
        if default.name in tips or (
            default.commit is not None
            and default.name is not None
            and not session.source.commits_between(default.commit, release.commit, limit=1)
        ):
            return default.name
    except (NotFoundError, SourceError):
        return None
    return next(iter(tips), None)


_RELEASE_ID = re.compile(r"(sha256:)?[0-9a-f]{4,64}", re.IGNORECASE)


def find_release_named(session: Session, text: str) -> Release:
    """The release that ``text`` names: by its id or the beginning of it, by a revision whose commit was frozen, or
    by an environment that runs it.

    What can be a release's id and a commit's is a release's where there is such a release. Raises
    :class:`NotFoundError`.
    """
    if _RELEASE_ID.fullmatch(text):
        try:
            return session.ledger.load_release(text)
        except AmbiguousError:
            raise
        except NotFoundError:
            if text.lower().startswith("sha256:"):
                raise
    return _of_revision(session, text)


def newest_first(session: Session, releases: tuple[Release, ...]) -> tuple[Release, ...]:
    """Releases by their commits, newest first; of a commit that was frozen again, the one spoken of last first."""
    if len({release.commit for release in releases}) == len(releases):
        return tuple(sorted(releases, key=lambda release: release.committed_at, reverse=True))
    places: dict[str, int] = {}
    for place, entry in enumerate(session.ledger.entries()):
        if entry.release is not None:
            places.setdefault(entry.release, place)
    spoken = sorted(releases, key=lambda release: places.get(release.id, maxsize))
    return tuple(sorted(spoken, key=lambda release: release.committed_at, reverse=True))


def _of_revision(session: Session, text: str) -> Release:
    try:
        commit = session.source.resolve(text).commit
    except NotFoundError as error:
        return _of_environment(session, text, error)
    releases = session.ledger.releases_of(commit.id)
    if not releases:
        raise NotFoundError(
            f"no release of commit {commit.short} is kept: it was never frozen, or was pruned",
            where=text,
            hint=f"freeze it: previewer freeze {text}",
        )
    return newest_first(session, releases)[0]


def _of_environment(session: Session, text: str, no_revision: NotFoundError) -> Release:
    try:
        return session.ledger.load_release(find_environment(session, text).ownership.release)
    except EngineUnreachableError:
        raise no_revision from None
    except NotFoundError as error:
        if error.where != text:
            raise  # the environment is there, and its release is another clone's
        raise NotFoundError(
            "there is no such release, revision or environment", where=text, hint=no_revision.hint or error.hint
        ) from error
