"""Branches beside the environments that run them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from previewer.cli.rows.cells import show_age, show_id, timestamp
from previewer.present.tables import Column, show_plain
from previewer.present.values import Span, Tone

if TYPE_CHECKING:
    from previewer.domain.commit.revision import Branch
    from previewer.domain.environment.environment import OverviewRow
    from previewer.domain.json_value import JsonObject, JsonValue


def branch_columns(now: datetime) -> tuple[Column, ...]:
    """The columns of ``previewer branches``."""
    return (*_first_columns(now), *_LAST_COLUMNS)


def joined_columns(now: datetime) -> tuple[Column, ...]:
    """The columns of ``previewer branches --environments``."""
    from previewer.cli.rows.cells import show_sign  # brings all that makes an environment

    return (
        *_first_columns(now),
        Column("environment", "ENVIRONMENT", gives_way=True, spare=2),
        Column("state", "STATE", show=show_sign),
        Column("outdated", "OUTDATED", show=_show_outdated, spare=5),
        Column("url", "URL"),
        *_LAST_COLUMNS,
    )


def branch_row(branch: Branch) -> JsonObject:
    """A branch."""
    return {
        "branch": branch.name,
        "current": branch.is_current,
        "remote": branch.is_remote,
        "commit": branch.commit,
        "committed_at": timestamp(branch.committed_at),
        "author": branch.author,
        "subject": branch.subject,
        "ahead": branch.ahead,
        "behind": branch.behind,
    }


def joined_row(row: OverviewRow) -> JsonObject:
    """A branch with one of its environments, if it has any; or an environment of no branch."""
    branch, environment = row.branch, row.environment
    return {
        **(branch_row(branch) if branch else _unlisted_row(row)),
        "environment": environment.name if environment else None,
        "role": environment.role.value if environment else None,
        "state": environment.state.value if environment else None,
        "outdated": row.is_behind if branch and environment else None,
        "url": environment.url if environment else None,
    }


def _unlisted_row(row: OverviewRow) -> JsonObject:
    """What an environment runs that is of no branch in the list: a commit, a tag, a branch that is gone."""
    owner, commit = row.environment.ownership if row.environment else None, row.commit
    return {
        "branch": owner.branch if owner else None,
        "current": False,
        "remote": False,
        "commit": owner.commit if owner else None,
        "committed_at": timestamp(commit.committed_at) if commit else None,
        "author": commit.author if commit else None,
        "subject": commit.subject if commit else None,
        "ahead": None,
        "behind": None,
    }


def _first_columns(now: datetime) -> tuple[Column, ...]:
    return (
        Column("current", "", show=_show_current, spare=1),
        Column("branch", "BRANCH", gives_way=True),
        Column("commit", "COMMIT", show=show_id, spare=8),
        Column("committed_at", "AGE", show=show_age(now), spare=3),
        Column("ahead", "AHEAD", spare=6),
        Column("behind", "BEHIND", spare=6),
    )


_LAST_COLUMNS = (
    Column("author", "AUTHOR", gives_way=True, spare=4),
    Column("subject", "SUBJECT", gives_way=True, spare=7),
)


def _show_current(value: JsonValue) -> Span:
    return Span("*", Tone.GOOD) if value else Span(" ")


def _show_outdated(value: JsonValue) -> Span:
    """Whether the environment runs an older commit than the branch's tip."""
    shown = show_plain(value)
    return Span(shown.text, Tone.BUSY) if value is True else shown
