"""``previewer drift`` and ``previewer suggest-writable``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import junit_option, output_option, report_option, verb
from previewer.cli.terminal import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from previewer.deployment.drift import EnvironmentDrift
    from previewer.domain.drift.finding import Finding, Severity
    from previewer.session.session import Session


@verb("drift")
@click.argument("environments", nargs=-1, metavar="[ENVIRONMENT]...", shell_complete=complete_environments)
@click.option(
    "--all", "every", is_flag=True, help="All environments of this repository; the default without names."
)
@report_option("findings")
@junit_option()
@click.option(
    "--severity",
    type=click.Choice(["low", "medium", "high"]),
    default="low",
    show_default=True,
    help="Only findings of at least this severity.",
)
@click.option("--exit-code", is_flag=True, help="End with 3 where drift was found.")
@click.option("--fresh", is_flag=True, help="Look at every file system again; ignore cached results.")
@click.option("--no-record", is_flag=True, help="Do not note touched environments as tainted.")
@click.option("-f", "--follow", is_flag=True, help="Keep running and print new findings until interrupted.")
@pass_invocation
def command(
    invocation: Invocation,
    *,
    environments: tuple[str, ...],
    every: bool,
    form: str,
    junit: Path | None,
    severity: str,
    exit_code: bool,
    fresh: bool,
    no_record: bool,
    follow: bool,
) -> ExitCode:
    """Compare what runs with what was frozen.

    Shows where the engine's objects and the file systems differ from the release, and what was done by hand. An
    environment that was changed by hand is marked as tainted, for good; `previewer replace` is the remedy.
    """
    if environments and every:
        raise UsageError("name environments, or say --all")
    if follow and form not in ("table", "json"):
        raise UsageError(f"--follow prints lines: -o {form} has none", hint="use -o table or -o json")
    from previewer.cli.ci.report import publish, write_report
    from previewer.cli.rows.findings import drift_junit, drift_markdown
    from previewer.domain.drift.finding import Severity

    least = Severity(severity)
    with invocation.open_session() as session:
        if follow:
            return _follow(invocation, session, environments, least, as_json=form == "json")
        drifts = _look(invocation, session, environments, fresh=fresh, record=not no_record)
    shown = [(drift, [f for f in drift.findings if f.severity.rank >= least.rank]) for drift in drifts]
    write_report(junit, lambda: drift_junit(shown))
    findings = sum(len(found) for _drift, found in shown)
    publish(invocation, outputs={"findings": str(findings)}, summary=list(drift_markdown(shown)))
    _print(invocation, shown, form)
    return ExitCode.DIFFERENCE if exit_code and any(findings for _drift, findings in shown) else ExitCode.OK


def _look(
    invocation: Invocation, session: Session, names: tuple[str, ...], *, fresh: bool, record: bool
) -> tuple[EnvironmentDrift, ...]:
    from previewer.deployment.drift import ForgetfulFiles, check_drift, remembered_files
    from previewer.deployment.touches import record_taints

    remembered = remembered_files(invocation.environment, session.source.installation)
    drifts = check_drift(session, names, files=ForgetfulFiles() if fresh else remembered)
    if record:
        for name in record_taints(session, drifts):
            invocation.diagnostics.warn(f"{name} is tainted: it was changed by hand", f"previewer replace {name}")
    return drifts


def _follow(
    invocation: Invocation, session: Session, names: tuple[str, ...], least: Severity, *, as_json: bool
) -> ExitCode:
    from previewer.cli.log_printer import FindingPrinter
    from previewer.cli.running import running
    from previewer.operations.watch.touches import watch_touches

    printer = FindingPrinter(invocation.output, least=least, as_json=as_json)
    with running(invocation, session, "quiet") as run:
        watch_touches(run, names, tell=printer.show)
    if not run.cancellation.requested:
        return ExitCode.OK  # the engine went away
    invocation.diagnostics.note("interrupted")
    return ExitCode.INTERRUPTED


def _print(invocation: Invocation, shown: Sequence[tuple[EnvironmentDrift, Sequence[Finding]]], form: str) -> None:
    from previewer.cli.rows.findings import FINDING_COLUMNS, drift_junit, drift_markdown, drift_row, finding_row
    from previewer.cli.terminal import Format

    output = invocation.output
    if form == "markdown":
        output.lines(drift_markdown(shown))
    elif form == "junit":
        output.text(drift_junit(shown))
    elif form != "table":
        output.value([drift_row(drift, findings) for drift, findings in shown], Format(form))
    else:
        output.table(FINDING_COLUMNS, [finding_row(f) for _drift, findings in shown for f in findings])
        _summarise(invocation, shown)


def _summarise(invocation: Invocation, shown: Sequence[tuple[EnvironmentDrift, Sequence[Finding]]]) -> None:
    from previewer.domain.units import counted

    if not shown:
        invocation.diagnostics.note("no environments", "`previewer up BRANCH` makes one")
        return
    differing = [drift.environment.name for drift, findings in shown if findings]
    count = sum(len(findings) for _drift, findings in shown)
    checked = counted(len(shown), "environment")
    natural = sum(len(drift.expected) for drift, _findings in shown)
    if natural:
        paths = counted(natural, "path")
        invocation.diagnostics.note(f"{paths} that programs write in every run: no drift (-o json lists them)")
    if differing:
        hint = f"`previewer replace {differing[0]}` recreates it from its release"
        invocation.diagnostics.note(f"{counted(count, 'finding')} in {len(differing)} of {checked}", hint)
    else:
        invocation.diagnostics.note(f"{checked} checked: as frozen")


@verb("suggest-writable")
@click.argument("environment", shell_complete=complete_environments)
@output_option(default=Format.YAML)
@pass_invocation
def suggest_writable_command(invocation: Invocation, *, environment: str, form: Format) -> None:
    """Suggest which paths services have to write to.

    Prints the `x-previewer` section that prevents all other writing, made from what the services of a running
    ENVIRONMENT have written so far: exercise it first. Changes nothing.
    """
    from previewer.domain.drift.suggestion import suggestion_json, suggestion_yaml
    from previewer.operations.suggest_writable import suggest_writable

    with invocation.open_session() as session:
        suggestions = suggest_writable(session, environment)
    if form is Format.JSON:
        invocation.output.value(suggestion_json(suggestions), form)
    else:
        invocation.output.text(suggestion_yaml(suggestions))
