"""Where a release's served files (mounted files, configs, secrets) are read from."""

from __future__ import annotations

from previewer.domain.file_tree import FileTree
from previewer.errors import NotFoundError
from previewer.operations.session import Session


def release_tree(session: Session, commit: str) -> FileTree:
    """The files of a commit, by its full id; without the commit, those that its releases are kept with.

    Raises :class:`NotFoundError` where the repository has neither.
    """
    try:
        return session.source.tree(commit)
    except NotFoundError:
        kept = session.ledger.served_files(commit)
        if kept is None:
            raise
        return kept
