"""Two sides compared, as rows and as one value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from previewer.cli.rows.findings import show_severity
from previewer.cli.style import Style
from previewer.cli.table import ABSENT, Cell, Column
from previewer.domain.drift.secrecy import Secrecy
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.labels import format_time
from previewer.domain.parity.compare import Parity
from previewer.domain.parity.difference import ParityDifference, Side
from previewer.domain.parity.shown import shown_value
from previewer.domain.parity.side import ParitySide
from previewer.domain.revision import short_id
from previewer.operations.probe import Probed
from previewer.present.safe_text import plain

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}")


def _show_reason(value: JsonValue) -> Cell:
    return Cell(plain(value), Style.FAINT) if isinstance(value, str) and value else Cell("undeclared", Style.BAD)


def _show_side(value: JsonValue) -> Cell:
    if not isinstance(value, str) or not value:
        return Cell(ABSENT)
    return Cell(short_id(value) if _DIGEST.fullmatch(value) else plain(value))


def difference_columns(parity: Parity) -> tuple[Column, ...]:
    """The columns of differences; the two sides are called as the user calls them."""
    return (
        Column("severity", "SEVERITY", show_severity),
        Column("path", "PATH", gives_way=True, spare=3),
        Column("left", plain(parity.left.name), _show_side, gives_way=True, spare=1),
        Column("right", plain(parity.right.name), _show_side, gives_way=True, spare=1),
        Column("reason", "DECLARED", _show_reason, gives_way=True, spare=2),
    )


def difference_row(difference: ParityDifference, secrecy: Secrecy) -> JsonObject:
    """A difference, with values as they may be seen."""
    return {
        "severity": difference.severity.value,
        "path": difference.path,
        "service": difference.service,
        "left": shown_value(difference, Side.LEFT, secrecy) or None,
        "right": shown_value(difference, Side.RIGHT, secrecy) or None,
        "declared": difference.is_declared,
        "reason": difference.reason or None,
        "why": difference.why,
    }


def parity_value(parity: Parity, secrecy: Secrecy) -> JsonObject:
    """The whole comparison."""
    return {
        "left": _side(parity.left),
        "right": _side(parity.right),
        "score": parity.score,
        "facts": parity.facts,
        "age_seconds": int(parity.age.total_seconds()),
        "undeclared": len(parity.undeclared),
        "declared": len(parity.declared),
        "differences": [difference_row(difference, secrecy) for difference in parity.differences],
        "stale": [{"path": a.path, "reason": a.reason, "definition": a.origin} for a in parity.stale],
    }


def _side(side: ParitySide) -> JsonObject:
    return {
        "name": side.name,
        "role": side.role.value,
        "definition": side.definition.name,
        "commit": side.commit,
        "committed_at": format_time(side.committed_at),
        "release": side.release or None,
        "runs": side.services is not None,
    }


def probe_columns(parity: Parity) -> tuple[Column, ...]:
    """The columns of what two environments answered differently."""
    return (
        Column("request", "REQUEST", gives_way=True),
        Column("what", "WHAT"),
        Column("left", plain(parity.left.name), _show_side, gives_way=True),
        Column("right", plain(parity.right.name), _show_side, gives_way=True),
    )


def probe_rows(probed: Sequence[Probed], *, every: bool) -> list[JsonObject]:
    """A row a difference; with ``every``, one too for each request that was answered alike."""
    rows: list[JsonObject] = []
    for one in probed:
        request = str(one.request)
        rows += [{"request": request, "what": d.what, "left": d.left, "right": d.right} for d in one.differences]
        if every and not one.differences:
            rows.append({"request": request, "what": None, "left": None, "right": None})
    return rows
