"""Where code comes from: a repository's branches, commits and the files of a commit. Never its working tree."""

from __future__ import annotations

from typing import Protocol

from previewer.domain.file_tree import FileTree
from previewer.domain.revision import Branch, Commit, ResolvedRevision


class Source(Protocol):
    """A repository. Every question costs one git process, however large the answer."""

    @property
    def location(self) -> str:
        """The repository's folder, for people."""
        ...

    @property
    def project(self) -> str:
        """The project's name: the last part of the ``origin`` URL, else the folder's name, as a slug."""
        ...

    @property
    def installation(self) -> str:
        """Who this repository is, equal for all its clones: 16 hexadecimal digits."""
        ...

    @property
    def actor(self) -> str:
        """Who is working, for people and the ledger: ``ada@laptop``."""
        ...

    def branches(self, *, remote: bool = False) -> tuple[Branch, ...]:
        """Local branches, newest tip first, and remote ones too if asked."""
        ...

    def default_branch(self) -> str | None:
        """The name of the branch whose settings are trusted; ``None`` in a repository without any."""
        ...

    def resolve(self, revision: str) -> ResolvedRevision:
        """What a branch, remote branch, tag, ``HEAD~2``, short or full id means.

        Raises :class:`NotFoundError`, with the nearest known names as the hint.
        """
        ...

    def commits(self, revision: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``revision`` contains, newest first."""
        ...

    def tree(self, commit: str) -> FileTree:
        """The files of a commit, by its full id."""
        ...

    def close(self) -> None:
        """End git processes that are kept open."""
        ...
