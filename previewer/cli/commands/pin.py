"""``previewer pin``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format


@verb("pin")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--off", is_flag=True, help="Remove the pin.")
@click.option("--dry-run", is_flag=True, help="Print the result, and change nothing.")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, environment: str, off: bool, dry_run: bool, form: Format) -> None:
    """Keep an environment until it is removed by name.

    A pinned one does not expire; neither `watch` nor `down --expired`, `--merged` or `--branch-gone` removes it.
    """
    from previewer.cli.rows.environments import lifetime_columns, lifetime_row
    from previewer.operations.extend import pin, plan_pin

    with invocation.open_session() as session:
        result = (plan_pin if dry_run else pin)(session, environment, is_pinned=not off)
        invocation.output.rows(lifetime_columns(session.clock()), [lifetime_row(result)], form)
