"""Where code comes from: a repository's branches, commits and the files of a commit. Never its working tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from previewer.domain.commit.files import FileTree
from previewer.domain.commit.revision import (
    Branch,
    BranchView,
    Commit,
    DefaultBranch,
    FileChange,
    ResolvedRevision,
)

if TYPE_CHECKING:
    from previewer.domain.cancellation import Cancellation


def no_branch(branch: str) -> bool:
    """No branch's."""
    del branch
    return False


class Source(Protocol):
    """A repository. Every question costs one git process, however large the answer."""

    @property
    def location(self) -> str:
        """The repository's folder, for people."""
        ...

    @property
    def shared_folder(self) -> str:
        """git's own folder, which all working trees of one clone share."""
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

    @property
    def origin(self) -> str | None:
        """Where everybody finds it: ``example.org/shop``; ``None`` for a repository of this machine alone."""
        ...

    def branches(self, *, remote: bool = False) -> tuple[Branch, ...]:
        """Local branches, newest tip first, and remote ones too if asked."""
        ...

    def named_commits(self) -> tuple[Branch, ...]:
        """Tags, and the pull requests that the clone has fetched, newest commit first."""
        ...

    def branch_view(self, *, remote: str | None = None, about: Callable[[str], bool] = no_branch) -> BranchView:
        """What is known of branches: the local ones' tips, or those that ``remote`` had when it was fetched last.

        ``about`` says of which branches it matters whether they are merged; of others it is not looked at.
        """
        ...

    def fetch(self, remote: str, *, cancellation: Cancellation | None = None) -> None:
        """Bring every branch of a remote here, and forget those that it has no more.

        Raises :class:`NotFoundError` for no such remote, :class:`SourceError` where it does not answer, and
        :class:`CancelledError` when cancelled.
        """
        ...

    def refs_fingerprint(self) -> str:
        """Changes whenever a reference does, and costs no git process: to be compared with an earlier one."""
        ...

    def default_branch(self) -> DefaultBranch:
        """The branch whose settings are trusted, or why there is none: nothing else decides on trust."""
        ...

    def is_on_branch(self, commit: str, branch: str) -> bool:
        """Whether a branch really holds a commit (full id), whatever a checkout here calls it.

        Where there is a remote, its own branches count, as they were fetched last.
        """
        ...

    def resolve(self, revision: str) -> ResolvedRevision:
        """What a branch, remote branch, tag, ``HEAD~2``, short or full id means.

        Raises :class:`NotFoundError`, with the nearest known names as the hint.
        """
        ...

    def count_uncommitted(self, commit: str) -> int:
        """How many files of the working tree differ from ``commit`` (a full id), if it is checked out."""
        ...

    def commits(self, revision: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``revision`` contains, newest first."""
        ...

    def find_commit(self, commit: str) -> Commit | None:
        """A commit by its full id; ``None`` where the repository has not got it."""
        ...

    def commits_between(self, old: str, new: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``new`` contains and ``old`` does not (full ids), newest first."""
        ...

    def bisection(self, good: Sequence[str], bad: str) -> tuple[str, ...]:
        """The commits of ``bad`` that none of ``good`` contains (full ids), the best to test next first."""
        ...

    def changed_files(self, old: str, new: str) -> tuple[FileChange, ...]:
        """Every file that differs between two commits (full ids), sorted by path."""
        ...

    def tree(self, commit: str) -> FileTree:
        """The files of a commit, by its full id."""
        ...

    def commit_to_branch(self, branch: str, base: str, files: Mapping[str, str], *, message: str) -> Commit:
        """Make a commit upon ``base`` (a full id) that has ``files`` too, texts by path, the tip of ``branch``.

        No working tree is touched. Raises :class:`SourceError`: where the branch is checked out, say.
        """
        ...

    def close(self) -> None:
        """End git processes that are kept open."""
        ...
