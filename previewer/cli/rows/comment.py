"""Environments and runs as GitHub Flavored Markdown: for comments, and for the page of a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from previewer.cli.report_text import code_cell
from previewer.cli.rows.environments import named_ports
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.routes import is_web_page
from previewer.domain.environment.environment import SERVING, Environment
from previewer.domain.units import format_time
from previewer.operations.run.run import CommandResult
from previewer.present.parity_report import code


def environment_markdown(environment: Environment) -> list[str]:
    """What reviewers want to know of a preview."""
    owner = environment.ownership
    mark = "✅" if environment.state in SERVING else "❌"
    until = f", until {format_time(environment.expires_at)}" if environment.expires_at else ""
    lines = [f"### {mark} Preview {code(environment.name)} is {environment.state.value}", ""]
    if ports := named_ports(environment):
        lines += ["| service | URL |", "|---|---|"]
        lines += [f"| {code_cell(service)} | {_link(port.url)} |" for service, port in ports]
        lines.append("")
    ailing = [service for service in environment.services if service.state not in SERVING]
    lines += [f"- {code(service.name)} is {service.state.value}" for service in ailing]
    lines.append(f"Commit {code(short_id(owner.commit))}, release {code(short_id(owner.release))}{until}.")
    return lines


def gone_markdown(name: str) -> list[str]:
    """An environment that was removed."""
    return [f"### 🧹 Preview {code(name)} was removed"]


def runs_markdown(results: Sequence[CommandResult]) -> list[str]:
    """What commands beside environments came to."""
    failed = sum(result.has_failed for result in results)
    title = f"❌ {failed} of {len(results)} failed" if failed else f"✅ {len(results)} passed"
    lines = [f"### previewer run: {title}", "", "| run | commit | result | seconds |", "|---|---|---|---|"]
    lines += [
        f"| {code_cell(result.title)} | {code_cell(short_id(result.commit))} | {_verdict(result)} |"
        f" {result.seconds:.1f} |"
        for result in results
    ]
    return [*lines, *_failures(results)]


def _verdict(result: CommandResult) -> str:
    if result.error is not None:
        return f"❌ {code_cell(str(result.error))}"
    return f"❌ exit code {result.code}" if result.code else "✅"


def _failures(results: Iterable[CommandResult]) -> Iterable[str]:
    for result in results:
        if result.error is not None and result.error.details:
            yield from ("", f"<details><summary>{result.environment}</summary>", "")
            yield from (code(line) + "  " for line in result.error.details if line.strip())
            yield from ("", "</details>")


def _link(url: str) -> str:
    return url if is_web_page(url) else code_cell(url)
