"""Files that ``previewer init`` writes, checks of ``previewer doctor``, and what the policy says."""

from __future__ import annotations

from collections.abc import Iterable

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation
from previewer.cli.terminal import Format, paint
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.policy.check import Check, Explanation, Finding, Verdict
from previewer.domain.policy.rule import Rule
from previewer.present.safe_text import plain
from previewer.present.tables import Column
from previewer.present.values import Span, Tone, signed

FILE_COLUMNS = (Column("path", "PATH", gives_way=True), Column("result", "RESULT"))
"""The columns of ``previewer init``."""


def file_rows(*, written: Iterable[str], kept: Iterable[str], planned: Iterable[str]) -> tuple[JsonObject, ...]:
    """Every file with what became of it, sorted by path."""
    states = dict.fromkeys(written, "written")
    states |= dict.fromkeys(kept, "kept")
    states |= dict.fromkeys(planned, "would be written")
    return tuple({"path": path, "result": states[path]} for path in sorted(states))


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
    word, tone = signed(check.verdict.value)
    line = f"{paint(f'{word:<9}', tone, colour=colour)}  {plain(check.name)}: {plain(check.detail)}"
    if not check.hint or check.verdict is Verdict.OK:
        return (line,)
    return (line, f"           {paint('hint:', Tone.ACCENT, colour=colour)} {plain(check.hint)}")


def print_checks(invocation: Invocation, checks: Iterable[Check], form: Format) -> ExitCode:
    """All of them, and the exit code: 1 where one failed."""
    made = tuple(checks)
    if form is Format.TABLE:
        for check in made:
            for line in check_lines(check, colour=invocation.output.colour):
                invocation.output.line(line)
    else:
        invocation.output.value([check_row(check) for check in made], form)
    return ExitCode.FAILED if any(check.verdict is Verdict.FAILED for check in made) else ExitCode.OK


def _show_verdict(value: JsonValue) -> Span:
    return signed(str(value))


POLICY_COLUMNS = (
    Column("verdict", "VERDICT", show=_show_verdict),
    Column("rule", "RULE"),
    Column("location", "WHERE", gives_way=True),
    Column("message", "WHAT", gives_way=True),
    Column("allowed_by", "ALLOWED BY", gives_way=True, spare=1),
)
"""The columns of ``previewer policy``."""


def policy_rows(explanation: Explanation, *, every: bool) -> tuple[JsonObject, ...]:
    """Every finding, rule by rule; with ``every`` also the rules that found nothing."""
    rows: list[JsonObject] = []
    for outcome in explanation.outcomes:
        rows.extend(_finding_row(outcome.rule, finding) for finding in outcome.findings)
        if every and not outcome.findings:
            rows.append(_clear_row(outcome.rule))
    return tuple(rows)


def _finding_row(rule: Rule, finding: Finding) -> JsonObject:
    return {
        "verdict": rule.effect.value if finding.allowed_by is None else "allowed",
        "rule": rule.id,
        "service": finding.service,
        "location": str(finding.location),
        "message": finding.message,
        "allowed_by": finding.allowed_by,
        "requested": finding.is_requested,
        "hint": finding.hint,
    }


def _clear_row(rule: Rule) -> JsonObject:
    return {
        "verdict": "clear",
        "rule": rule.id,
        "service": None,
        "location": None,
        "message": rule.forbids,
        "allowed_by": None,
        "requested": False,
        "hint": "",
    }
