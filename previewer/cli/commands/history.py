"""``previewer history``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format


@verb("history")
@click.argument("environment", required=False, shell_complete=complete_environments)
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N entries.")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, environment: str | None, limit: int | None, form: Format) -> None:
    """Show what was done, when and by whom.

    Newest first; with ENVIRONMENT (its name or its branch) only what was done to that one.
    """
    from previewer.cli.rows.history import HISTORY_COLUMNS, history_row
    from previewer.operations.lists import list_history

    with invocation.open_session([environment] if environment else None) as session:
        entries = list_history(session, environment=environment, limit=limit)
    invocation.output.rows(HISTORY_COLUMNS, [history_row(entry) for entry in entries], form)
    if not entries:
        what = f"nothing was ever done to {environment}" if environment else "nothing was done yet"
        invocation.diagnostics.note(what, "`previewer history` shows everything" if environment else None)
