"""What became of a file from one commit to another."""

from __future__ import annotations

from enum import Enum

from previewer.frozen import dataclass


class Change(Enum):
    """What became of something that can be in both, or in only one, of two things that are compared."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file."""

    path: str
    """From the root of the tree."""
    change: Change
    added_lines: int | None
    """``None`` for what has no lines: binary files, submodules."""
    removed_lines: int | None
