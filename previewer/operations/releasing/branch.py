"""Which branch a release is from: trust is given to branches, and a manifest does not name one."""

from __future__ import annotations

from previewer.domain.release import Release
from previewer.errors import NotFoundError, SourceError
from previewer.operations.releasing.registry_access import is_vouched_for
from previewer.operations.session import Session


def find_branch(session: Session, release: Release) -> str | None:
    """The branch whose tip is the release's commit, else the default branch if it contains the commit.

    ``None`` where neither can be shown, a repository without the commit included: no branch's trust then holds.
    It holds neither for what was pulled and nobody answers for: anybody can name a commit.
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
