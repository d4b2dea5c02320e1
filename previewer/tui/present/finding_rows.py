"""Findings of drift: rows of a table, and everything about the one under the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.drift.finding import Finding
from previewer.domain.units import counted
from previewer.present.tables import Column, share_out
from previewer.present.values import Span, Tone, age
from previewer.tui.present.states import severity_line
from previewer.tui.present.text import Line, fact_lines, line

_COLUMNS = (
    Column("severity", "Severity", 9),
    Column("service", "Service", 8, share=1, most=20),
    Column("what", "What", 20, share=4),
    Column("frozen", "Frozen", 10, share=2, most=60),
    Column("live", "Live", 10, share=2, most=60),
)
_WIDE = (*_COLUMNS, Column("seen", "When", 6, align_right=True))
_WIDE_FROM = 110
REPLACING = "previewer replace "


def fit_finding_columns(width: int, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells with content as wide as ``longest`` says."""
    return share_out(_WIDE if width >= _WIDE_FROM else _COLUMNS, width, longest)


def finding_key(finding: Finding) -> str:
    """The same from one look to the next."""
    timestamp = finding.at.isoformat() if finding.at else ""
    return "\0".join((finding.kind, finding.where, timestamp))


def finding_lines(finding: Finding, *, now: datetime) -> Mapping[str, Line]:
    """A finding's row."""
    return {
        "severity": severity_line(finding.severity),
        "service": line(finding.service),
        "what": line(finding.what),
        "frozen": line(finding.frozen or Span("–", Tone.QUIET)),
        "live": line(finding.live or Span("–", Tone.QUIET)),
        "seen": line(age(finding.at, now) if finding.at else ""),
    }


def finding_detail(finding: Finding, *, now: datetime, width: int, replace_key: str) -> tuple[Line, ...]:
    """Where, why, both values, and the remedy with its key."""
    ago = age(finding.at, now) if finding.at else ""
    when = f"{ago} ago" if ago and ago != "now" else ago
    help_ = finding.help
    remedy = f"{help_} · {replace_key} does it" if help_.startswith(REPLACING) else help_
    return (
        *fact_lines("where", finding.where, width=width),
        *fact_lines("why", finding.why, width=width),
        *fact_lines("frozen", finding.frozen, width=width),
        *fact_lines("live", finding.live, width=width),
        *fact_lines("when", when, width=width),
        *fact_lines("remedy", remedy, width=width, tone=Tone.ACCENT),
    )


def drift_title(drift: EnvironmentDrift | None, *, is_live: bool) -> Line:
    """What was found, and that it goes on looking."""
    if drift is None:
        return line(Span("looking …", Tone.QUIET))
    live = line(Span("  ● live", Tone.GOOD)) if is_live else line(Span("  looks again every 10 s", Tone.QUIET))
    paths = counted(len(drift.expected), "path")
    natural = (Span(f"  {paths} that programs write in every run", Tone.QUIET),) if drift.expected else ()
    rest = line(*natural, *live)
    if not drift.findings:
        return line(Span("✔ as it was frozen", Tone.GOOD), *rest)
    return line(Span(f"≠ {counted(len(drift.findings), 'finding')}", Tone.WARN), *rest)
