"""What the doctor found."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.cli.style import Style
from previewer.domain.json_value import JsonObject
from previewer.operations.doctor import Check, Verdict
from previewer.present.safe_text import plain

_VERDICTS: Mapping[Verdict, tuple[str, Style]] = {
    Verdict.OK: ("✔ ok     ", Style.GOOD),
    Verdict.WARNING: ("▲ warning", Style.BUSY),
    Verdict.FAILED: ("✖ failed ", Style.BAD),
}


def check_row(check: Check) -> JsonObject:
    """A check as an object."""
    return {
        "check": check.name,
        "verdict": check.verdict.value,
        "detail": check.detail,
        "hint": check.hint,
    }


def check_lines(check: Check, *, colour: bool) -> tuple[str, ...]:
    """The verdict in front, and the hint below where something is to be done."""
    word, style = _VERDICTS[check.verdict]
    line = f"{style.paint(word, colour=colour)}  {plain(check.name)}: {plain(check.detail)}"
    if not check.hint or check.verdict is Verdict.OK:
        return (line,)
    return (line, f"           {Style.ACCENT.paint('hint:', colour=colour)} {plain(check.hint)}")
