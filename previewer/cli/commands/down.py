"""``previewer down``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.output_format import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from previewer.operations.down import DownResult


@verb("down")
@click.argument("environments", nargs=-1, metavar="[ENVIRONMENT]...", shell_complete=complete_environments)
@click.option("--all", "every", is_flag=True, help="All environments of this repository.")
@click.option("--expired", is_flag=True, help="All whose time to live is over.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Print what would be removed, and remove nothing.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    environments: tuple[str, ...],
    every: bool,
    expired: bool,
    yes: bool,
    dry_run: bool,
    progress: str,
    form: Format,
) -> None:
    """Remove environments with everything that belongs to them.

    Asks before it removes all, or one of production; a preview that is named or has expired goes at once.
    """
    if [bool(environments), every, expired].count(True) != 1:
        raise UsageError("name environments, or say --all or --expired", hint="`previewer ls` lists them")
    from previewer.cli.confirmation import confirm_down
    from previewer.cli.plan_printer import print_plan
    from previewer.cli.running import running
    from previewer.operations.down import all_names, down, expired_names, plan_down

    with invocation.open_session() as session:
        names = all_names(session) if every else expired_names(session) if expired else environments
        if dry_run:
            print_plan(invocation.output, plan_down(session, names), form)
            return
        if names and not yes:
            confirm_down(invocation, session, names, every=every)
        with running(invocation, progress) as run:
            result = down(session, names, report=run.report, cancellation=run.cancellation)
    _print(invocation, result, form, nothing="no environment has expired" if expired else "no environments")


def _print(invocation: Invocation, result: DownResult, form: Format, *, nothing: str) -> None:
    from previewer.cli.rows.removals import REMOVAL_COLUMNS, removal_rows

    rows = removal_rows(result)
    if form is Format.TABLE:
        invocation.output.table(REMOVAL_COLUMNS, rows)
    else:
        invocation.output.value({"environments": rows, "removed": list(result.removed)}, form)
    if not rows:
        invocation.diagnostics.note(nothing)
