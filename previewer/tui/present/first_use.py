"""What a repository lacks and what is derived for it, as lines; and the first steps, until something runs."""

from __future__ import annotations

from collections.abc import Callable

from previewer.domain.policy.check import Check, Verdict
from previewer.operations.init import Start
from previewer.present.values import Span, Tone
from previewer.tui.context import AppState
from previewer.tui.first_use_jobs import SIGNS, Beginning
from previewer.tui.present.text import Line, fact_lines, hanging_indent, join_fitting, line

_TONES = {Verdict.OK: Tone.GOOD, Verdict.WARNING: Tone.WARN, Verdict.FAILED: Tone.BAD}
_SEPARATOR = Span(" · ", Tone.QUIET)


def beginning_lines(beginning: Beginning, *, width: int, key_of: Callable[[str], str]) -> tuple[Line, ...]:
    """Whether it would run, and the text of each file to be added; every line in at most ``width`` cells."""
    plan = beginning.plan
    found: list[Line] = []
    if not plan.files:
        found.append(line(Span("✔ HEAD has all of the definitions: nothing is missing", Tone.GOOD)))
    elif plan.missing:
        found.append(
            line(Span("! ", Tone.WARN), "nothing here says what to run: the files hold an example to change")
        )
        found += fact_lines("  hint", plan.missing, width=width, tone=Tone.ACCENT)
    else:
        found.append(line(Span("this is what previewer derives from what HEAD has", Tone.STRONG)))
    if plan.files:
        try_key, write_key = key_of("try"), key_of("write")
        found.append(
            line(
                Span(try_key, Tone.ACCENT),
                Span(" runs it, asks for its page and removes it", Tone.QUIET),
                _SEPARATOR,
                Span(write_key, Tone.ACCENT),
                Span(" commits it on a branch of its own", Tone.QUIET),
            )
        )
    found.append(line())
    for check in beginning.checks:
        found += _check_lines(check, width)
    for path, text in sorted(plan.files.items()):
        title = f"─ {path} · new "
        found += [line(), line(Span(title, Tone.STRONG), Span("─" * max(0, width - len(title)), Tone.QUIET))]
        for row in text.splitlines():
            found.append(line(Span(row, Tone.QUIET if row.lstrip().startswith("#") else Tone.PLAIN)))
    return hanging_indent(found, width)


def _check_lines(check: Check, width: int) -> tuple[Line, ...]:
    sign, name = Span(f"{SIGNS[check.verdict]} ", _TONES[check.verdict]), Span(f"{check.name}  ", Tone.QUIET)
    head = line(sign, name, check.detail)
    hint = fact_lines("  ", check.hint, width=width, tone=Tone.QUIET) if check.verdict is not Verdict.OK else ()
    return (*hanging_indent((head,), width, indent=4), *hint)


def tour_line(state: AppState, *, is_toured: bool, key_of: Callable[[str], str], width: int) -> Line:
    """The first steps, until the first environment is up; later, with nothing running, only how one begins."""
    if state.environments is None or state.environments or not state.branches:
        return ()
    if state.start is Start.UNKNOWN:
        return join_fitting(
            (
                line(Span("! nothing in HEAD says what to run", Tone.WARN)),
                _step(key_of("start"), "shows what can be derived"),
            ),
            _SEPARATOR,
            width,
        )
    steps = [_step(key_of("up"), "brings this branch up")]
    if not is_toured:
        steps += [_step(key_of("start"), "shows what that runs")] if state.start is Start.DERIVED else []
        steps += [
            _step(key_of("parity"), "compares staging with production"),
            _step(key_of("down"), "removes it"),
            _step(key_of("help"), "all keys"),
        ]
    head = line(Span("nothing runs now" if is_toured else "first steps", Tone.STRONG))
    return join_fitting((head, *steps), _SEPARATOR, width)


def _step(key: str, words: str) -> Line:
    return line(Span(key, Tone.ACCENT), Span(f" {words}", Tone.QUIET))
