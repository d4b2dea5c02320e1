"""Branches beside the environments that run them."""

from __future__ import annotations

from datetime import datetime

from previewer.cli.rows.ids import show_id
from previewer.cli.rows.states import show_state
from previewer.cli.rows.times import moment, show_age
from previewer.cli.style import Style
from previewer.cli.table import Cell, Column, show_plain
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.overview import OverviewRow


def branch_columns(now: datetime) -> tuple[Column, ...]:
    """Of ``previewer branches``."""
    return (
        Column("current", "", _show_current, spare=1),
        Column("branch", "BRANCH", gives_way=True),
        Column("commit", "COMMIT", show_id, spare=8),
        Column("committed_at", "AGE", show_age(now), spare=3),
        Column("ahead", "AHEAD", spare=6),
        Column("behind", "BEHIND", spare=6),
        Column("environment", "ENVIRONMENT", gives_way=True, spare=2),
        Column("state", "STATE", show_state),
        Column("outdated", "OUTDATED", _show_outdated, spare=5),
        Column("url", "URL"),
        Column("author", "AUTHOR", gives_way=True, spare=4),
        Column("subject", "SUBJECT", gives_way=True, spare=7),
    )


def branch_row(row: OverviewRow) -> JsonObject:
    """A branch, with one of its environments if it has any."""
    branch, environment = row.branch, row.environment
    return {
        "branch": branch.name if branch else None,
        "current": branch is not None and branch.is_current,
        "remote": branch is not None and branch.is_remote,
        "commit": branch.commit if branch else None,
        "committed_at": moment(branch.committed_at) if branch else None,
        "author": branch.author if branch else None,
        "subject": branch.subject if branch else None,
        "ahead": branch.ahead if branch else None,
        "behind": branch.behind if branch else None,
        "environment": environment.name if environment else None,
        "role": environment.role.value if environment else None,
        "state": environment.state.value if environment else None,
        "outdated": row.is_behind if branch and environment else None,
        "url": environment.url if environment else None,
    }


def _show_current(value: JsonValue) -> Cell:
    return Cell("*", Style.GOOD) if value else Cell(" ")


def _show_outdated(value: JsonValue) -> Cell:
    """Whether the environment runs an older commit than the branch's tip."""
    shown = show_plain(value)
    return Cell(shown.text, Style.BUSY) if value is True else shown
