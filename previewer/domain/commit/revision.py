"""Branches and commits, what a clone knows of its branches, and what a commit changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct, field

_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
SHORT_ID_LENGTH = 12
"""Digits of an object id that are shown: unambiguous in repositories of any size that matters."""


def is_object_id(text: str) -> bool:
    """Whether ``text`` is git's full id of something: SHA-1's or SHA-256's hexadecimal digits."""
    return _OBJECT_ID.fullmatch(text) is not None


def short_id(object_id: str) -> str:
    """The first digits of an object id or of a ``sha256:`` digest."""
    return object_id.removeprefix("sha256:")[:SHORT_ID_LENGTH]


class Commit(Struct, frozen=True):
    """One commit, by its full id."""

    id: str
    tree: str
    """The id of its tree: equal for commits with equal files."""
    committed_at: datetime
    """When it was committed, in UTC."""
    author: str
    subject: str

    @property
    def short(self) -> str:
        """Its short id."""
        return short_id(self.id)


class RefKind(Enum):
    """What a name stands for."""

    BRANCH = "branch"
    TAG = "tag"
    PULL_REQUEST = "pull request"


class Branch(Struct, frozen=True):
    """A branch and its tip; or, beside the branches, a tag or a fetched pull request and its commit."""

    name: str
    """``main``; ``origin/main`` for a remote branch."""
    commit: str
    committed_at: datetime
    """When the tip was committed; aware, UTC."""
    author: str
    subject: str
    is_remote: bool = False
    is_current: bool = False
    """Whether the repository has it checked out."""
    ahead: int | None = None
    """Commits that it has and its upstream has not; ``None`` without an upstream."""
    behind: int | None = None
    kind: RefKind = RefKind.BRANCH

    @property
    def short(self) -> str:
        """The short id of its tip."""
        return short_id(self.commit)

    @property
    def remote_name(self) -> str | None:
        """What its remote calls it, as environments do: ``main`` for ``origin/main``; ``None`` for a local one."""
        return self.name.partition("/")[2] if self.is_remote else None


class DefaultBranch(Struct, frozen=True):
    """The branch whose settings are trusted, as a repository knows it."""

    name: str | None
    """Without ``refs/heads/`` or the remote's name; ``None`` where nothing says which it is."""
    commit: str | None
    """The full id of the trusted commit; ``None`` where nothing is trusted."""
    reason: str
    """What decided, or why nothing is trusted."""
    hint: str = ""


class ResolvedRevision(Struct, frozen=True):
    """What a user's words (``HEAD~2``, a tag, a short id) mean."""

    text: str
    """The revision as the user wrote it."""
    commit: Commit
    branch: str | None
    """The branch it names, without ``refs/heads/`` or the remote's name; ``None`` for any other revision."""
    pull_request: str | None = None
    """The pull or merge request whose head or merge it is, as part of a name: ``pull-7``."""


class BranchView(Struct, frozen=True):
    """One look at a repository's branches, by their names without a remote's."""

    tips: Mapping[str, str] = field(default_factory=dict)
    """The commit of every branch that is followed: the local ones, or those of one remote."""
    known: frozenset[str] = frozenset()
    """Every branch that the clone has, as its own or as one of any remote."""
    merged: frozenset[str] = frozenset()
    """Branches whose work is all in the default branch, but for those that never had a commit of their own."""
    default: str | None = None
    """The default branch's name."""
    is_complete: bool = True
    """Whether the clone would know every branch there is; a shallow or single-branch clone would not."""

    def is_gone(self, branch: str) -> bool:
        """Whether a branch was deleted, here and at every remote. A clone that is not complete cannot tell."""
        return self.is_complete and branch not in self.known

    def is_merged(self, branch: str) -> bool:
        """Whether all its work is in the default branch; never true of that one itself."""
        return branch in self.merged and branch != self.default


class Change(Enum):
    """What became of something that can be in both, or in only one, of two things that are compared."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class FileChange(Struct, frozen=True):
    """One file."""

    path: str
    """The path from the root of the tree."""
    change: Change
    added_lines: int | None
    """``None`` for what has no lines: binary files, submodules."""
    removed_lines: int | None
