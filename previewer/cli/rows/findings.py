"""Findings of drift as rows."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.cli.style import Style
from previewer.cli.table import ABSENT, Cell, Column
from previewer.domain.drift.finding import Finding, Severity
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.labels import format_time
from previewer.operations.drift import EnvironmentDrift

_SEVERITIES = {
    Severity.LOW.value: ("·", Style.FAINT),
    Severity.MEDIUM.value: ("▲", Style.BUSY),
    Severity.HIGH.value: ("✖", Style.BAD),
}


def show_severity(value: JsonValue) -> Cell:
    """``✖ high``."""
    if not isinstance(value, str) or value not in _SEVERITIES:
        return Cell(ABSENT)
    glyph, style = _SEVERITIES[value]
    return Cell(f"{glyph} {value}", style)


FINDING_COLUMNS = (
    Column("environment", "ENVIRONMENT", gives_way=True, spare=3),
    Column("severity", "SEVERITY", show_severity),
    Column("kind", "KIND"),
    Column("where", "WHERE", gives_way=True),
    Column("what", "WHAT", gives_way=True),
    Column("frozen", "FROZEN", gives_way=True, spare=2),
    Column("live", "LIVE", gives_way=True, spare=1),
)


def finding_row(finding: Finding) -> JsonObject:
    """A finding, complete."""
    return {
        "environment": finding.environment,
        "service": finding.service,
        "severity": finding.severity.value,
        "layer": finding.layer.value,
        "kind": finding.kind,
        "where": finding.where,
        "what": finding.what,
        "frozen": finding.frozen,
        "live": finding.live,
        "why": finding.why,
        "remedy": finding.help,
        "taints": finding.taints,
        "at": format_time(finding.at) if finding.at else None,
    }


def drift_row(drift: EnvironmentDrift, findings: Sequence[Finding]) -> JsonObject:
    """An environment with those of its findings that are shown."""
    return {
        "environment": drift.environment.name,
        "generation": drift.environment.ownership.generation,
        "release": drift.environment.ownership.release,
        "tainted": drift.environment.notes.tainted or None,
        "findings": [finding_row(finding) for finding in findings],
        "expected": [finding_row(finding) for finding in drift.expected],
    }
