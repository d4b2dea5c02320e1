"""Findings of drift as rows and as reports for CI, and the report on an environment's health."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from previewer.cli.report_text import JunitCase, code_cell, junit_report
from previewer.cli.rows.cells import show_sign
from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.drift.finding import Finding
from previewer.domain.environment.environment import SERVING, Environment, ServiceStatus
from previewer.domain.json_value import JsonObject
from previewer.domain.units import format_time
from previewer.present.parity_report import code
from previewer.present.tables import Column

FINDING_COLUMNS = (
    Column("environment", "ENVIRONMENT", gives_way=True, spare=3),
    Column("severity", "SEVERITY", show=show_sign),
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


Shown = Sequence[tuple[EnvironmentDrift, Sequence[Finding]]]


def drift_markdown(shown: Shown) -> Iterator[str]:
    """The lines: a section an environment, with a table of its findings."""
    yield "# Drift"
    for drift, findings in shown:
        yield from ("", f"## {code(drift.environment.name)}", "")
        if not findings:
            yield "As frozen."
            continue
        yield from ("| severity | kind | where | what | frozen | live |", "|---|---|---|---|---|---|")
        yield from map(_row, findings)
        yield from ("", code(findings[0].help))


def drift_junit(shown: Shown) -> str:
    """A test suite; an environment with findings has failed."""
    cases = [
        JunitCase("drift", drift.environment.name, [_line(finding) for finding in findings])
        for drift, findings in shown
    ]
    return junit_report("previewer drift", cases, noun="finding")


def health_junit(environment: Environment) -> str:
    """A test case for each service; one that does not serve has failed, as has an environment without services."""
    cases = [JunitCase(environment.name, service.name, _ill(service)) for service in environment.services]
    nothing = JunitCase(environment.name, environment.name, [f"{environment.state.value}: no service is left"])
    return junit_report("previewer status", cases or [nothing], noun="problem")


def _ill(service: ServiceStatus) -> list[str]:
    if service.state in SERVING:
        return []
    codes = [f"{c.name} ended with {c.exit_code}" for c in service.containers if c.exit_code is not None]
    return [": ".join(filter(None, (service.state.value, ", ".join(codes))))]


def _row(finding: Finding) -> str:
    foreign = (finding.where, finding.what, finding.frozen, finding.live)
    return f"| {' | '.join((finding.severity.value, finding.kind, *map(code_cell, foreign)))} |"


def _line(finding: Finding) -> str:
    values = f" ({finding.frozen or '-'} → {finding.live or '-'})" if finding.frozen or finding.live else ""
    return f"{finding.severity.value} {finding.kind} {finding.where}: {finding.what}{values}; {finding.help}"
