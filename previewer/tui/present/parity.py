"""Two sides compared: differences, and answers to the same requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from previewer.domain.commit.revision import short_id
from previewer.domain.environment.environment import Environment
from previewer.domain.json_value import JsonValue
from previewer.domain.parity.compare import FULL, Parity, shown_value
from previewer.domain.parity.difference import Allowance, ParityDifference, ParitySide, Side
from previewer.domain.secrecy import Secrecy
from previewer.domain.units import counted
from previewer.operations.probe import Probed
from previewer.present.tables import Column, share_out
from previewer.present.values import Span, Tone, age, duration, signed
from previewer.tui.context import AppState
from previewer.tui.present.states import sign_words, state_line
from previewer.tui.present.text import Line, cut_line, fact_lines, join, line, width_of

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}")
_STALE = "stale\0"


def fit_parity_columns(
    width: int, left: str, right: str, longest: Mapping[str, int] | None = None
) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells: what differs in the middle, each side's value beside it.

    The sides are called as the user calls them; ``longest`` says how wide the content is.
    """
    needed = dict(longest or {})
    for key, name in (("left", left), ("right", right)):
        needed[key] = max(needed.get(key, 0), width_of(line(name)))
    note = (Column("note", "", 8, share=1, most=100),) if width >= NOTED_FROM else ()
    return share_out(
        (
            Column("left", left, 16, share=2, most=60),
            Column("fact", "Fact", 22, share=2, most=60),
            Column("right", right, 16, share=2, most=60),
            *note,
        ),
        width,
        needed,
    )


NOTED_FROM = 90
"""Cells from which on there is a column for ratios and reasons."""
_SAME = "same\0"
_GROUP = "group\0"
_EDGE_LEFT, _EDGE_RIGHT = Span("▏ ", Tone.QUIET), Span("▕ ", Tone.QUIET)


class ParityRow(Struct, frozen=True):
    """A row of the table: a difference, or the head of a group of them."""

    key: str
    cells: Mapping[str, Line]
    difference: ParityDifference | None = None

    @property
    def group(self) -> str | None:
        """The service whose rows it folds; ``None`` for what is no head of a group."""
        return self.key.removeprefix(_GROUP) if self.key.startswith(_GROUP) else None


def parity_rows(
    parity: Parity, secrecy: Secrecy, *, toggled: Collection[str] = (), asked: Sequence[ProbeRow] = ()
) -> tuple[ParityRow, ...]:
    """All rows: answers that differ, undeclared differences, then declared ones by service.

    A service that differs just as one before it is folded; ``toggled`` names those that the user turned over.
    """
    rows = [_head(f"ANSWERS {len(asked)}")] if asked else []
    rows += [ParityRow(row.key, row.cells) for row in asked]
    undeclared = parity.undeclared
    if undeclared:
        rows.append(_head(f"UNDECLARED {len(undeclared)}", tone=Tone.BAD))
    rows += [_row(difference, secrecy) for difference in undeclared]
    if parity.declared:
        reasons = {difference.reason for difference in parity.declared}
        reason = f"   “{next(iter(reasons))}”" if len(reasons) == 1 else ""
        rows.append(_head(f"DECLARED {len(parity.declared)}", reason))
        rows += _groups(parity.declared, secrecy, set(toggled), with_reason=not reason)
    rows += [ParityRow(stale_key(allowance), stale_row(allowance)) for allowance in parity.stale]
    same = parity.facts - len(parity.differences)
    if rows and same > 0:
        rows.append(_head(f"THE SAME {same}"))
    return tuple(rows)


def _head(title: str, rest: str = "", *, tone: Tone = Tone.STRONG) -> ParityRow:
    return ParityRow(
        f"{_SAME}{title}", {"left": line(Span(title, tone)), "fact": line(Span(rest.strip(), Tone.QUIET))}
    )


def _groups(
    declared: Sequence[ParityDifference], secrecy: Secrecy, toggled: set[str], *, with_reason: bool
) -> Iterator[ParityRow]:
    services = sorted({difference.service for difference in declared})
    seen: dict[tuple[tuple[str, str, str], ...], str] = {}
    for service in services:
        mine = [difference for difference in declared if difference.service == service]
        key = tuple((_fact(d), _value(d, Side.LEFT, secrecy), _value(d, Side.RIGHT, secrecy)) for d in mine)
        like = seen.setdefault(key, service)
        is_folded = (like != service) is not (service in toggled)
        name = service or "shared"
        said = f"the same as {like}" if like != service else ""
        count = Span(f"{len(mine)} declared{', ' if said else ''}{said}" if is_folded or said else "", Tone.QUIET)
        yield ParityRow(
            f"{_GROUP}{service}",
            {
                "left": line(Span("▸ " if is_folded else "▾ ", Tone.ACCENT), Span(name, Tone.STRONG)),
                "fact": line(count),
            },
        )
        if not is_folded:
            yield from (_row(difference, secrecy, with_reason=with_reason) for difference in mine)


def _row(difference: ParityDifference, secrecy: Secrecy, *, with_reason: bool = True) -> ParityRow:
    tone = Tone.QUIET if difference.is_declared else Tone.PLAIN
    sign = signed(difference.severity.value)
    fact = _fact(difference)
    if difference.service and not difference.is_declared:
        fact = f"{difference.service} {fact}"
    ratio = _ratio(difference)
    reason = difference.reason if with_reason else ""
    return ParityRow(
        difference_key(difference),
        {
            "left": line("  ", Span(_value(difference, Side.LEFT, secrecy) or "–", tone)),
            "fact": (
                _EDGE_LEFT,
                Span(f"{sign.text[0]} ", Tone.QUIET if difference.is_declared else sign.tone),
                *line(Span(fact, tone)),
            ),
            "right": (_EDGE_RIGHT, *line(Span(_value(difference, Side.RIGHT, secrecy) or "–", tone))),
            "note": line(
                Span(ratio, Tone.ACCENT), Span("  " if ratio and reason else ""), Span(reason, Tone.QUIET)
            ),
        },
        difference,
    )


_NOISE = ("deploy.resources.", "deploy.")


def _fact(difference: ParityDifference) -> str:
    """The path without its service, and without what every limit's path begins with."""
    path = difference.path
    if difference.service:
        path = path.removeprefix(f"services.{difference.service}").removeprefix(".") or "the service"
    for noise in _NOISE:
        path = path.removeprefix(noise)
    return path


def _ratio(difference: ParityDifference) -> str:
    """``×2`` for numbers of which the right one is twice the left one."""
    left, right = _number(difference.left), _number(difference.right)
    if left is None or right is None or left <= 0 or right <= 0:
        return ""
    return f"×{right / left:.2g}" if right >= left else f"÷{left / right:.2g}"


def _number(value: JsonValue) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except ValueError:
        return None


def side_card(
    side: ParitySide, environment: Environment | None, state: AppState, *, now: datetime, width: int
) -> tuple[Line, ...]:
    """How one side is: three lines of at most ``width`` cells."""
    name = (
        state.tag_of(side.commit)
        or (environment.ownership.branch if environment else None)
        or side.definition.name
    )
    release = f"  release {short_id(side.release)[:7]}" if side.release else ""
    what = line(Span(f"{name} ", Tone.STRONG), Span(f"{short_id(side.commit)[:7]}{release}", Tone.QUIET))
    if environment is None:
        lines: tuple[Line, ...] = (what, line(Span("a definition: it does not run", Tone.QUIET)))
    else:
        drift = state.drift(environment)
        lines = (
            join((state_line(environment.state), what), Span("  ")),
            join(
                (
                    line(Span(f"up {age(environment.created_at, now)}", Tone.QUIET)),
                    line(Span(environment.url or "no URL", Tone.ACCENT)),
                    sign_words(environment, drift),
                ),
                Span("  "),
            ),
        )
    return tuple(cut_line(one, width) for one in lines)


def between_lines(parity: Parity, project: str, key_of: Callable[[str], str]) -> tuple[Line, ...]:
    """What lies between the sides: which one is newer, and the key that exchanges them."""
    swap = line(Span("⇄ ", Tone.QUIET), Span(key_of("swap"), Tone.ACCENT), Span(" exchanges them", Tone.QUIET))
    return (line(Span(_age(parity, project), Tone.QUIET)), swap)


def _score_tone(parity: Parity) -> Tone:
    return Tone.GOOD if parity.score == FULL else Tone.WARN


def short_side(name: str, project: str) -> str:
    """A side's name without the project's, which all of them have: ``staging``."""
    return name.removeprefix(f"{project}-") or name


def difference_key(difference: ParityDifference) -> str:
    """The same from one comparison to the next."""
    return difference.path


def stale_key(allowance: Allowance) -> str:
    """The key of an entry that covers nothing."""
    return f"{_STALE}{allowance.origin}\0{allowance.path}\0{allowance.against}"


def stale_row(allowance: Allowance) -> Mapping[str, Line]:
    """The row of an entry of an allow-list that covers no difference."""
    return {
        "left": line(Span("? stale", Tone.WARN)),
        "fact": line(Span(allowance.path, Tone.WARN)),
        "right": line(Span(f"{allowance.origin} allows what does not differ", Tone.WARN)),
    }


def difference_detail(
    difference: ParityDifference,
    parity: Parity,
    secrecy: Secrecy,
    *,
    width: int,
    key_of: Callable[[str], str],
) -> tuple[Line, ...]:
    """Both values in full, why it matters, what says that it is meant, and what closes it."""
    left, right = (shown_value(difference, side, secrecy) or "says nothing" for side in Side)
    cure = f"{key_of('promote')} promotes the left side · {key_of('declare')} copies an entry that declares it"
    return (
        *fact_lines("path", difference.path, width=width),
        *fact_lines("left", f"{parity.left.name}: {left}", width=width),
        *fact_lines("right", f"{parity.right.name}: {right}", width=width),
        *fact_lines("why", difference.why, width=width),
        *fact_lines("declared", difference.reason, width=width),
        *fact_lines("to close", "" if difference.is_declared else cure, width=width, tone=Tone.ACCENT),
    )


def stale_detail(allowance: Allowance, *, width: int) -> tuple[Line, ...]:
    """What the entry says, and the remedy."""
    return (
        *fact_lines("path", allowance.path, width=width),
        *fact_lines("declared", allowance.reason, width=width),
        *fact_lines("remedy", f"remove it from x-previewer.parity.allow of {allowance.origin}", width=width),
    )


def score_lines(parity: Parity, project: str, *, width: int, with_age: bool = True) -> tuple[Line, ...]:
    """``parity 92 %`` with what it counts and, where the sides do not say it, which one is newer."""
    counts = f"{len(parity.undeclared)} undeclared · {len(parity.declared)} declared · {parity.facts} facts"
    stale = f" · {len(parity.stale)} stale" if parity.stale else ""
    score = line(Span(f"parity {parity.score} %", _score_tone(parity)), Span(f"   {counts}{stale}", Tone.QUIET))
    if not with_age:
        return (score,)
    newer = line(Span(_age(parity, project), Tone.QUIET))
    whole = join((score, newer), Span(" · ", Tone.QUIET))
    return (whole,) if width_of(whole) <= width else (score, newer)


def _age(parity: Parity, project: str) -> str:
    if parity.left.commit == parity.right.commit:
        return "the same commit"
    newer = parity.right if parity.age > timedelta() else parity.left
    return f"{short_side(newer.name, project)} is newer by {duration(abs(parity.age).total_seconds())}"


def _value(difference: ParityDifference, side: Side, secrecy: Secrecy) -> str:
    """Short: the first digits of a digest."""
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
            "left": line("  ", self.left or "–"),
            "fact": (_EDGE_LEFT, *line(sign, f" {self.probed.request} {self.what}".rstrip())),
            "right": (_EDGE_RIGHT, *line(self.right or "–")),
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
