"""Which columns the home table has at a width, and how wide each is: what matters most stays longest."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.tui.present.columns import Column, share_out

_ESSENTIAL = (
    Column("mark", "", 1),
    Column("branch", "Branch", 20, share=3, most=44),
    Column("state", "State", 15),
    Column("url", "URL", 15, share=2, most=44),
    Column("left", "TTL left", 8, align_right=True),
    Column("age", "Age", 6, align_right=True),
)
_ADDED = (
    (96, Column("subject", "Last commit", 16, share=5)),
    (132, Column("author", "Author", 12, share=1, most=22)),
    (124, Column("notes", "Notes", 9, share=1, most=30)),
    (112, Column("sync", "Sync", 7)),
    (150, Column("commit", "Commit", 12)),
    (180, Column("environment", "Environment", 20, share=2, most=40)),
    (180, Column("release", "Release", 12)),
)
_ORDER = (
    "mark",
    "branch",
    "state",
    "url",
    "notes",
    "left",
    "age",
    "commit",
    "author",
    "sync",
    "subject",
    "environment",
    "release",
)


def fit_columns(width: int, longest: Mapping[str, int] | None = None) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells, in their order, the width that is left shared out.

    ``longest`` says how wide their content is: no column gets wider, and what is empty everywhere is left out.
    """
    added = [column for least, column in _ADDED if width >= least]
    chosen = [*_ESSENTIAL, *(column for column in added if longest is None or longest.get(column.key, 1))]
    chosen.sort(key=lambda column: _ORDER.index(column.key))
    return share_out(chosen, width, longest)
