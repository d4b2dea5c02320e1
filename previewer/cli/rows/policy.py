"""What the policy says about a definition."""

from __future__ import annotations

from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.policy.check import Explanation, Finding
from previewer.domain.policy.rule import Rule
from previewer.present.tables import Column
from previewer.present.values import Span, signed


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
