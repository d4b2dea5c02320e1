"""What a clone knows of branches: their tips, which of them are merged, and whether one is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class BranchView:
    """One look at a repository's branches, by their names without a remote's."""

    tips: Mapping[str, str] = field(default_factory=dict)
    """The commit of every branch that is followed: the local ones, or those of one remote."""
    known: frozenset[str] = frozenset()
    """Every branch that the clone has, as its own or as one of any remote."""
    merged: frozenset[str] = frozenset()
    """Those whose work is all in the default branch. One that never had a commit of its own is not among them."""
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
