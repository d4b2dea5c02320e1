"""``previewer sleep``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.output_format import Format


@verb("sleep")
@click.argument("environments", nargs=-1, required=True, shell_complete=complete_environments)
@click.option("--dry-run", is_flag=True, help="Print what would be stopped, and stop nothing.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation, *, environments: tuple[str, ...], dry_run: bool, progress: str, form: Format
) -> None:
    """Stop environments and keep them, to be woken later.

    They keep their volumes, networks and URLs, and take no memory. `wake` starts them again.
    Their time to live keeps running.
    """
    from previewer.cli.plan_printer import print_plan
    from previewer.cli.rows.environments import SLEEP_COLUMNS, sleep_rows
    from previewer.cli.running import running
    from previewer.operations.sleep import plan_sleep, sleep

    with invocation.open_session() as session:
        if dry_run:
            print_plan(invocation.output, plan_sleep(session, environments), form)
            return
        with running(invocation, session, progress) as run:
            result = sleep(run, environments)
    invocation.output.rows(SLEEP_COLUMNS, sleep_rows(result), form)
