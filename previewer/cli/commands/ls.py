"""``previewer ls``."""

from __future__ import annotations

import click

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format


@verb("ls")
@click.option("-a", "--everywhere", is_flag=True, help="Other repositories' environments on this engine too.")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, everywhere: bool, form: Format) -> None:
    """List the environments of this repository."""
    from previewer.cli.rows.environments import environment_columns, environment_row
    from previewer.operations.environments import list_environments

    with invocation.open_session() as session:
        environments = list_environments(session, everywhere=everywhere)
        rows = [environment_row(environment) for environment in environments]
        columns = environment_columns(session.clock(), names_project=everywhere)
        invocation.output.rows(columns, rows, form)
    if not rows:
        invocation.diagnostics.note("no environments", "`previewer up BRANCH` makes one")
