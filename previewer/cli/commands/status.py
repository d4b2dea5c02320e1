"""``previewer status``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import junit_option, output_option, verb
from previewer.cli.terminal import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from previewer.domain.json_value import JsonObject
    from previewer.session.session import Session


@verb("status")
@click.argument("environment", required=False, shell_complete=complete_environments)
@click.option("--exit-code", is_flag=True, help="End with 4 unless every service is healthy.")
@click.option("--gone", is_flag=True, help="The record of an environment that was removed.")
@junit_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    environment: str | None,
    exit_code: bool,
    gone: bool,
    junit: Path | None,
    form: Format,
) -> ExitCode:
    """Show an environment and its services.

    ENVIRONMENT is a name, the revision given to `up`, or a unique beginning; by default, that of the checkout.
    One that was changed by hand is marked as tainted; `previewer drift` shows all details, file systems included.
    """
    if gone and junit is not None:
        raise UsageError("what was removed has no health to report: leave out --junit or --gone")
    if gone:
        _show_tombstone(invocation, environment, form)
        return ExitCode.OK
    from previewer.cli.ci.report import write_report
    from previewer.cli.rows.environments import detail_columns, environment_row, service_columns, service_row
    from previewer.cli.rows.findings import health_junit
    from previewer.cli.warnings import warn_of_expiry
    from previewer.deployment.touches import note_touches
    from previewer.domain.environment.environment import SERVING
    from previewer.operations.router import measure_requests
    from previewer.records.environments import failures_of, find_environment

    output = invocation.output
    with invocation.open_session([environment] if environment else None) as session:
        found = note_touches(session, find_environment(session, environment or _current_branch(session)))
        requests = measure_requests(session, [found]).get(found.name)
        head: JsonObject = {**environment_row(found), "requests_per_minute": requests}
        services = [service_row(service) for service in found.services]
        if form is Format.TABLE:
            has = {"has_marks": bool(head["marks"]), "has_data": bool(head["data"])}
            has["has_requests"] = requests is not None
            output.record(detail_columns(session.clock(), **has), head)
            output.line("")
            has_nodes = any("nodes" in service for service in services)
            output.table(service_columns(has_nodes=has_nodes), services)
        else:
            output.value({**head, "services": services}, form)
        write_report(junit, lambda: health_junit(found))
        for line in failures_of(session, found):
            invocation.diagnostics.warn(line, f"`previewer logs {found.name}` shows more")
        warn_of_expiry(invocation.diagnostics, [found], session.clock())
    if found.is_tainted:
        invocation.diagnostics.warn(
            f"{found.name} was touched: {found.notes.tainted}", f"`previewer replace {found.name}` rebuilds it"
        )
    return ExitCode.UNHEALTHY if exit_code and found.state not in SERVING else ExitCode.OK


def _show_tombstone(invocation: Invocation, environment: str | None, form: Format) -> None:
    from previewer.cli.rows.history import FORMER_COLUMNS, former_rows, head_row, tombstone_columns, tombstone_row
    from previewer.records.tombstones import find_tombstone

    with invocation.open_session() as session:
        tombstone = find_tombstone(session, environment or _current_branch(session)).tombstone
        row = tombstone_row(tombstone)
        if form is not Format.TABLE:
            invocation.output.value(row, form)
            return
        invocation.output.record(tombstone_columns(session.clock()), head_row(tombstone))
        invocation.output.line("")
        invocation.output.table(FORMER_COLUMNS, former_rows(row))


def _current_branch(session: Session) -> str:
    from previewer.operations.lists import list_branches

    for branch in list_branches(session):
        if branch.is_current:
            return branch.name
    return "HEAD"  # of no branch: what `previewer up HEAD` makes there
