"""``previewer branches``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format
from previewer.errors import EngineUnreachableError

if TYPE_CHECKING:
    from previewer.domain.environment.environment import Environment
    from previewer.session.session import Session


@verb("branches")
@click.argument("pattern", required=False)
@click.option("-r", "--remote", is_flag=True, help="Also list remote branches.")
@click.option("-e", "--environments", "joined", is_flag=True, help="Also show the environments that run them.")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, pattern: str | None, remote: bool, joined: bool, form: Format) -> None:
    """List branches, newest first.

    With PATTERN only those that match it (`feature/*`). Asks only git, unless environments are requested.
    """
    from previewer.cli.rows.branches import branch_columns, branch_row, joined_columns, joined_row
    from previewer.operations.lists import join_environments, list_branches

    with invocation.open_session() as session:
        branches = list_branches(session, remote=remote, pattern=pattern)
        now = session.clock()
        if joined:
            table = join_environments(session, branches, _environments(invocation, session))
            rows = [joined_row(row) for row in table if row.branch is not None or pattern is None]
            invocation.output.rows(joined_columns(now), rows, form)
        else:
            rows = [branch_row(branch) for branch in branches]
            invocation.output.rows(branch_columns(now), rows, form)
    if not rows:
        invocation.diagnostics.note("no branches")


def _environments(invocation: Invocation, session: Session) -> tuple[Environment, ...]:
    """What runs; a warning where no engine answers, since branches are worth listing anyway."""
    from previewer.records.environments import list_environments

    try:
        return list_environments(session)
    except EngineUnreachableError as error:
        invocation.diagnostics.warn(f"no environments are shown: {error}", error.hint)
        return ()
