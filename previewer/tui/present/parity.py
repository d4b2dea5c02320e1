"""Two sides compared, beside their rows: a card for each, the score, and all about the row under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from previewer.domain.commit.revision import short_id
from previewer.domain.environment.environment import Environment
from previewer.domain.parity.compare import FULL, Parity, show, shown_value
from previewer.domain.parity.difference import Allowance, ParityDifference, ParitySide, SameFact, Side
from previewer.domain.parity.groups import fact_name, is_package
from previewer.domain.secrecy import Secrecy
from previewer.domain.units import counted
from previewer.operations.parity import Distance
from previewer.operations.probe import Probed, is_silent
from previewer.present.values import Span, Tone, age, duration
from previewer.tui.context import AppState
from previewer.tui.present.parity_rows import ParityRow, ProbeRow
from previewer.tui.present.states import sign_words, state_line
from previewer.tui.present.text import Line, cut_line, fact_lines, join, line, width_of

KeyOf = Callable[[str], str]
"""The key of an action, as it is shown."""


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


def between_lines(parity: Parity, project: str, distance: Distance | None, key_of: KeyOf) -> tuple[Line, ...]:
    """What lies between the sides: which one is newer, by how many commits and files; and what exchanges them."""
    apart = line(Span(_apart(distance), Tone.QUIET), Span(f"  {key_of('diff')}", Tone.ACCENT)) if distance else ()
    is_apart = distance is not None and any((distance.ahead, distance.behind, distance.files))
    swap = line(Span("⇄ ", Tone.QUIET), Span(key_of("swap"), Tone.ACCENT), Span(" exchanges them", Tone.QUIET))
    return (line(Span(_age(parity, project), Tone.QUIET)), *((apart,) if is_apart else ()), swap)


def _apart(distance: Distance) -> str:
    """``← 2 commits · → 1 commit · 3 files``: what each side has that the other lacks."""
    ways = [f"{arrow} {counted(n, 'commit')}" for arrow, n in (("←", distance.ahead), ("→", distance.behind)) if n]
    return " · ".join((*ways, counted(distance.files, "file")))


def _score_tone(parity: Parity) -> Tone:
    return Tone.GOOD if parity.score == FULL else Tone.WARN


def short_side(name: str, project: str) -> str:
    """A side's name without the project's, which all of them have: ``staging``."""
    return name.removeprefix(f"{project}-") or name


def row_detail(row: ParityRow, parity: Parity, secrecy: Secrecy, *, width: int, key_of: KeyOf) -> tuple[Line, ...]:
    """What is known of one row; nothing of titles."""
    match row.about:
        case ParityDifference() as difference:
            return difference_detail(difference, parity, secrecy, width=width, key_of=key_of)
        case Allowance() as allowance:
            return stale_detail(allowance, width=width)
        case ProbeRow() as answer:
            return probe_detail(answer, parity, width=width)
        case SameFact() as fact:
            value = show(fact.path, fact.value, secrecy)
            return (*fact_lines("path", fact.path, width=width), *fact_lines("both", value, width=width))
    if row.is_folded is None:
        return ()
    words = "unfolds what is in it" if row.is_folded else "folds it"
    return fact_lines("group", f"{key_of('fold')} {words}", width=width)


def is_beyond(difference: ParityDifference) -> bool:
    """Whether more can be seen of it in the difference between the releases."""
    name = fact_name(difference.path, difference.service)
    return name in ("commit", "image") or name.startswith("files.") or is_package(difference)


def difference_detail(
    difference: ParityDifference,
    parity: Parity,
    secrecy: Secrecy,
    *,
    width: int,
    key_of: KeyOf,
) -> tuple[Line, ...]:
    """Both values in full, why it matters, what says that it is meant, and what closes it."""
    left, right = (shown_value(difference, side, secrecy) or "says nothing" for side in Side)
    in_full = f"{key_of('diff')} shows commits, files, images and packages"
    cure = f"{key_of('promote')} promotes the left side · {key_of('declare')} declares that it is meant"
    return (
        *fact_lines("path", difference.path, width=width),
        *fact_lines("left", f"{parity.left.name}: {left}", width=width),
        *fact_lines("right", f"{parity.right.name}: {right}", width=width),
        *fact_lines("why", difference.why, width=width),
        *fact_lines("declared", difference.reason, width=width),
        *fact_lines("in full", in_full if is_beyond(difference) else "", width=width),
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
    silent = sum(1 for one in probed if is_silent(one))
    sent = f"{counted(len(probed), 'request')} sent to both: "
    if not differing and not silent:
        return line(Span("probe   ", Tone.QUIET), sent, Span("✔ answered alike", Tone.GOOD))
    said = [f"≠ {differing} answered differently"] if differing else []
    said += [f"? {silent} answered by neither"] if silent else []
    return line(Span("probe   ", Tone.QUIET), sent, Span(", ".join(said), Tone.BAD if differing else Tone.WARN))
