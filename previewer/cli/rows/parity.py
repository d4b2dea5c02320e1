"""Two sides compared, as rows, as one value, and as reports for CI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from previewer.cli.report_text import JunitCase, code, junit_report
from previewer.cli.rows.cells import show_sign
from previewer.cli.table import ABSENT, Column
from previewer.domain.commit.revision import short_id
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.parity.compare import Parity, shown_value
from previewer.domain.parity.difference import ParityDifference, ParitySide, Side
from previewer.domain.secrecy import Secrecy
from previewer.domain.units import counted, format_time
from previewer.operations.probe import Probed
from previewer.present.safe_text import plain
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
        Column("severity", "SEVERITY", show_sign),
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
        "data": list(side.data),
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


ELSEWHERE = "networks, volumes and files"
"""The test case of what concerns no single service."""


def parity_markdown(parity: Parity, probed: Sequence[Probed], secrecy: Secrecy) -> Iterator[str]:
    """The lines: the score, then lists of what differs, with every foreign text as code."""
    yield f"## Parity of {code(parity.left.name)} and {code(parity.right.name)}: {parity.score} %"
    for title, differences in (("Undeclared", parity.undeclared), ("Declared", parity.declared)):
        if differences:
            yield from ("", f"### {title} ({len(differences)})", "")
            yield from (f"- {_item(difference, secrecy)}" for difference in differences)
    if parity.stale:
        yield from ("", "### Allowed for nothing", "")
        yield from (
            f"- {code(entry.path)} of {code(entry.origin)}: {code(entry.reason)}" for entry in parity.stale
        )
    failed = [(one, difference) for one in probed for difference in one.differences]
    if probed:
        yield from ("", f"### Probes ({len(probed)}, {counted(len(failed), 'difference')})", "")
    for one, difference in failed:
        step = f"{code(difference.left)} → {code(difference.right)}"
        yield f"- {code(str(one.request))} {code(difference.what)}: {step}"


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


def _item(difference: ParityDifference, secrecy: Secrecy) -> str:
    left, right = (shown_value(difference, side, secrecy) for side in Side)
    values = " → ".join(code(text) if text else "nothing" for text in (left, right))
    reason = f" ({code(difference.reason)})" if difference.reason else ""
    return f"{difference.severity.value}: {code(difference.path)} {values}{reason}"


def _line(difference: ParityDifference, secrecy: Secrecy) -> str:
    left, right = (shown_value(difference, side, secrecy) or "-" for side in Side)
    return f"{difference.severity.value} {difference.path}: {left} → {right}; {difference.why}"
