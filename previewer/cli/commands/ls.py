"""``previewer ls``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format

if TYPE_CHECKING:
    from previewer.session.session import Session


@verb("ls")
@click.option(
    "-a", "--everywhere", is_flag=True, help="Also list other repositories' environments on this engine."
)
@output_option()
@pass_invocation
def command(invocation: Invocation, *, everywhere: bool, form: Format) -> None:
    """List the environments of this repository.

    Says on standard error which of them expire soon or have expired.
    """
    from previewer.cli.rows.environments import environment_columns, environment_row
    from previewer.cli.terminal import is_terminal
    from previewer.cli.warnings import warn_of_expiry
    from previewer.operations.open_outside import EVERYWHERE
    from previewer.records.environments import list_environments

    with invocation.open_session((), is_everywhere=everywhere or invocation.project is None) as session:
        everywhere = everywhere or session.source.installation == EVERYWHERE
        environments = list_environments(session, everywhere=everywhere)
        rows = [environment_row(environment) for environment in environments]
        has_marks = any(row["marks"] for row in rows)
        columns = environment_columns(session.clock(), names_project=everywhere, has_marks=has_marks)
        invocation.output.rows(columns, rows, form)
        ours = [e for e in environments if e.ownership.installation == session.source.installation]
        warn_of_expiry(invocation.diagnostics, ours, session.clock())
        if rows and form is Format.TABLE and is_terminal(invocation.stderr):
            _note_the_engine(invocation, session)
    if not rows:
        invocation.diagnostics.note("no environments", "`previewer up BRANCH` makes one")


def _note_the_engine(invocation: Invocation, session: Session) -> None:
    """For people only: where the URLs are, if not here, and that the engine is nearly full."""
    from previewer.cli.warnings import note_scarcity
    from previewer.deployment.capacity import capacity_for_more

    engine = session.engine.capabilities
    if (remote := engine.remote) is not None and not engine.reach:
        invocation.diagnostics.note(
            f"the URLs are on {remote}", "`previewer url ENVIRONMENT` says how they are reached from here"
        )
    note_scarcity(invocation.diagnostics, capacity_for_more(session))
