"""Two sides compared, as rows, as one value, and as reports for CI."""

from __future__ import annotations

import re
from collections.abc import Sequence

from previewer.cli.report_text import JunitCase, junit_report
from previewer.cli.rows.cells import show_sign
from previewer.domain.commit.revision import short_id
from previewer.domain.json_value import JsonValue
from previewer.domain.parity.compare import Parity, shown_value
from previewer.domain.parity.difference import ParityDifference, Side
from previewer.domain.secrecy import Secrecy
from previewer.operations.probe import Probed
from previewer.present.safe_text import plain
from previewer.present.tables import ABSENT, Column
from previewer.present.values import Span, Tone

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}")


def _show_reason(value: JsonValue) -> Span:
    return Span(plain(value), Tone.QUIET) if isinstance(value, str) and value else Span("undeclared", Tone.BAD)


def _show_side(value: JsonValue) -> Span:
    if not isinstance(value, str) or not value:
        return Span(ABSENT)
    return Span(short_id(value) if _DIGEST.fullmatch(value) else plain(value))


def difference_columns(parity: Parity) -> tuple[Column, ...]:
    """The columns of differences; the two sides are called as the user calls them."""
    return (
        Column("severity", "SEVERITY", show=show_sign),
        Column("path", "PATH", gives_way=True, spare=3),
        Column("left", plain(parity.left.name), show=_show_side, gives_way=True, spare=1),
        Column("right", plain(parity.right.name), show=_show_side, gives_way=True, spare=1),
        Column("reason", "DECLARED", show=_show_reason, gives_way=True, spare=2),
    )


def probe_columns(parity: Parity) -> tuple[Column, ...]:
    """The columns of what two environments answered differently."""
    return (
        Column("request", "REQUEST", gives_way=True),
        Column("what", "WHAT"),
        Column("left", plain(parity.left.name), show=_show_side, gives_way=True),
        Column("right", plain(parity.right.name), show=_show_side, gives_way=True),
    )


def same_columns() -> tuple[Column, ...]:
    """The columns of what both sides have alike."""
    return (Column("path", "PATH", gives_way=True), Column("value", "BOTH", show=_show_side, gives_way=True))


ELSEWHERE = "networks, volumes and files"
"""The test case of what concerns no single service."""


def parity_junit(parity: Parity, probed: Sequence[Probed], secrecy: Secrecy) -> str:
    """A test case a service, one for what is shared, and one a probe; those fail that differ undeclared."""
    services = sorted({*parity.left.definition.services, *parity.right.definition.services})
    groups = [(name, [d for d in parity.undeclared if d.service == name]) for name in services]
    groups.append((ELSEWHERE, [d for d in parity.undeclared if not d.service]))
    cases = [JunitCase("parity", name, [_line(d, secrecy) for d in found]) for name, found in groups]
    for one in probed:
        said = [f"{d.what}: {d.left or '-'} → {d.right or '-'}" for d in one.differences]
        cases.append(JunitCase("probe", str(one.request), said))
    return junit_report("previewer parity", cases, noun="difference")


def _line(difference: ParityDifference, secrecy: Secrecy) -> str:
    left, right = (shown_value(difference, side, secrecy) or "-" for side in Side)
    return f"{difference.severity.value} {difference.path}: {left} → {right}; {difference.why}"
