"""Two sides compared: differences, and answers to the same requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from previewer.domain.commit.revision import short_id
from previewer.domain.parity.compare import FULL, Parity, shown_value
from previewer.domain.parity.difference import Allowance, ParityDifference, Side
from previewer.domain.secrecy import Secrecy
from previewer.domain.units import counted
from previewer.operations.probe import Probed
from previewer.present.values import Span, Tone, duration
from previewer.tui.present.states import severity_line
from previewer.tui.present.tables import Column, share_out
from previewer.tui.present.text import Line, fact_lines, join, line, width_of

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}")
_STALE = "stale\0"


def fit_parity_columns(
    width: int, left: str, right: str, longest: Mapping[str, int] | None = None
) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells with content as wide as ``longest`` says.

    The sides are called as the user calls them.
    """
    needed = dict(longest or {})
    for key, name in (("left", left), ("right", right)):
        needed[key] = max(needed.get(key, 0), width_of(line(name)))
    return share_out(
        (
            Column("severity", "Severity", 9),
            Column("path", "Path", 20, share=3, most=80),
            Column("left", left, 12, share=2),
            Column("right", right, 12, share=2),
            Column("reason", "Declared", 10, share=2, most=50),
        ),
        width,
        needed,
    )


def difference_key(difference: ParityDifference) -> str:
    """The same from one comparison to the next."""
    return difference.path


def stale_key(allowance: Allowance) -> str:
    """The key of an entry that covers nothing."""
    return f"{_STALE}{allowance.origin}\0{allowance.path}\0{allowance.against}"


def difference_row(difference: ParityDifference, secrecy: Secrecy) -> Mapping[str, Line]:
    """A difference's row; a declared one is dimmed."""
    is_dimmed = difference.is_declared
    style = Tone.QUIET if is_dimmed else Tone.PLAIN
    return {
        "severity": severity_line(difference.severity, is_dimmed=is_dimmed),
        "path": line(Span(difference.path, style)),
        "left": line(Span(_value(difference, Side.LEFT, secrecy) or "–", style)),
        "right": line(Span(_value(difference, Side.RIGHT, secrecy) or "–", style)),
        "reason": line(Span(difference.reason, style) if is_dimmed else Span("undeclared", Tone.BAD)),
    }


def stale_row(allowance: Allowance) -> Mapping[str, Line]:
    """The row of an entry of an allow-list that covers no difference."""
    return {
        "severity": line(Span("? stale", Tone.WARN)),
        "path": line(Span(allowance.path, Tone.WARN)),
        "left": (),
        "right": (),
        "reason": line(Span(f"{allowance.origin} allows what does not differ", Tone.WARN)),
    }


def difference_detail(
    difference: ParityDifference, parity: Parity, secrecy: Secrecy, *, width: int
) -> tuple[Line, ...]:
    """Both values in full, why it matters, and what says that it is meant."""
    left, right = (shown_value(difference, side, secrecy) or "says nothing" for side in Side)
    return (
        *fact_lines("path", difference.path, width=width),
        *fact_lines("left", f"{parity.left.name}: {left}", width=width),
        *fact_lines("right", f"{parity.right.name}: {right}", width=width),
        *fact_lines("why", difference.why, width=width),
        *fact_lines("declared", difference.reason, width=width),
    )


def stale_detail(allowance: Allowance, *, width: int) -> tuple[Line, ...]:
    """What the entry says, and the remedy."""
    return (
        *fact_lines("path", allowance.path, width=width),
        *fact_lines("declared", allowance.reason, width=width),
        *fact_lines("remedy", f"remove it from x-previewer.parity.allow of {allowance.origin}", width=width),
    )


def score_lines(parity: Parity, *, width: int) -> tuple[Line, ...]:
    """``parity 92 %`` with what it counts and which side is newer: below, where the width does not hold both."""
    style = Tone.GOOD if parity.score == FULL else Tone.WARN
    counts = f"{len(parity.undeclared)} undeclared · {len(parity.declared)} declared · {parity.facts} facts"
    stale = f" · {len(parity.stale)} stale" if parity.stale else ""
    score = line(Span(f"parity {parity.score} %", style), Span(f"   {counts}{stale}", Tone.QUIET))
    age = line(Span(_age(parity), Tone.QUIET))
    whole = join((score, age), Span(" · ", Tone.QUIET))
    return (whole,) if width_of(whole) <= width else (score, age)


def _age(parity: Parity) -> str:
    if parity.left.commit == parity.right.commit:
        return "the same commit"
    newer = parity.right if parity.age > timedelta() else parity.left
    return f"{newer.name} is newer by {duration(abs(parity.age).total_seconds())}"


def _value(difference: ParityDifference, side: Side, secrecy: Secrecy) -> str:
    value = shown_value(difference, side, secrecy)
    return short_id(value) if _DIGEST.fullmatch(value) else value


class ProbeRow(Struct, frozen=True):
    """One way in which two answers differ, or a request without an answer."""

    key: str
    """Unique among the rows of one probe."""
    probed: Probed
    what: str
    """``status``, ``header content-type``, ``body items.0.price``, ``time``; empty without an answer."""
    left: str
    right: str

    @property
    def cells(self) -> Mapping[str, Line]:
        """As differences have them: no allow-list covers what services answer."""
        sign = Span("≠ answer", Tone.BAD) if self.what else Span("? silent", Tone.WARN)
        return {
            "severity": line(sign),
            "path": line(f"{self.probed.request} {self.what}".rstrip()),
            "left": line(self.left or "–"),
            "right": line(self.right or "–"),
            "reason": (),
        }


def probe_rows(probed: Sequence[Probed]) -> tuple[ProbeRow, ...]:
    """The rows, in the order of the requests; none for one that was answered alike."""
    return tuple(
        ProbeRow(f"probe\0{number}\0{index}", one, *found)
        for number, one in enumerate(probed)
        for index, found in enumerate(_found(one))
    )


def probe_detail(row: ProbeRow, parity: Parity, *, width: int) -> tuple[Line, ...]:
    """Where each side was asked, and what it said in full."""
    asked = row.probed
    sides = ((parity.left.name, asked.left, row.left), (parity.right.name, asked.right, row.right))
    left, right = (f"{name}: {said or 'nothing'}   ({answer.url})" for name, answer, said in sides)
    return (
        *fact_lines("request", str(asked.request), width=width),
        *fact_lines("differs in", row.what, width=width),
        *fact_lines("left", left, width=width),
        *fact_lines("right", right, width=width),
        *fact_lines("remedy", "" if row.what else "neither side answers: look at its logs", width=width),
    )


def probe_line(probed: Sequence[Probed]) -> Line:
    """What came of it, on one line."""
    differing = sum(1 for one in probed if one.differences)
    silent = sum(1 for one in probed if _is_silent(one))
    sent = f"{counted(len(probed), 'request')} sent to both: "
    if not differing and not silent:
        return line(Span("probe   ", Tone.QUIET), sent, Span("✔ answered alike", Tone.GOOD))
    said = [f"≠ {differing} answered differently"] if differing else []
    said += [f"? {silent} answered by neither"] if silent else []
    return line(Span("probe   ", Tone.QUIET), sent, Span(", ".join(said), Tone.BAD if differing else Tone.WARN))


def _found(one: Probed) -> Iterator[tuple[str, str, str]]:
    if _is_silent(one):
        yield "", one.left.error, one.right.error
    for difference in one.differences:
        yield difference.what, difference.left, difference.right


def _is_silent(one: Probed) -> bool:
    return bool(one.left.error and one.right.error)
