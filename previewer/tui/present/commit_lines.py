"""Commits as cells, to choose one of a branch's history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.domain.environment import Environment
from previewer.domain.revision import Commit
from previewer.tui.present.columns import Column, share_out
from previewer.tui.present.pieces import Line, Piece, Tone, line
from previewer.tui.present.status import state_line
from previewer.tui.present.times import age

_COLUMNS = (
    Column("commit", "Commit", 12),
    Column("subject", "Subject", 24, share=1),
    Column("state", "State", 12),
    Column("author", "Author", 14, share=1, most=24),
    Column("age", "Age", 6, align_right=True),
)


def fit_commit_columns(width: int, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells with content as wide as ``longest`` says."""
    return share_out(_COLUMNS, width, longest)


def commit_lines(commit: Commit, environment: Environment | None, *, now: datetime) -> Mapping[str, Line]:
    """A commit's row, with the state of the environment that runs it, if any."""
    return {
        "commit": line(Piece(commit.short, Tone.ACCENT)),
        "age": line(age(commit.committed_at, now)),
        "author": line(commit.author),
        "state": state_line(environment.state) if environment else (),
        "subject": line(commit.subject),
    }
