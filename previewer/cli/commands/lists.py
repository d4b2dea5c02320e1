"""``previewer ls``, ``branches`` and ``history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.terminal import Format
from previewer.errors import EngineUnreachableError

if TYPE_CHECKING:
    from previewer.domain.environment.environment import Environment
    from previewer.session.session import Session


@verb("ls")
@click.option(
    "-a", "--everywhere", is_flag=True, help="Also list other repositories' environments on this engine."
)
@output_option()
@pass_invocation
def ls_command(invocation: Invocation, *, everywhere: bool, form: Format) -> None:
    """List the environments of this repository.

    Says on standard error which of them expire soon or have expired.
    """
    from previewer.cli.rows.environments import environment_columns, environment_row
    from previewer.cli.terminal import is_terminal
    from previewer.cli.warnings import warn_of_expiry
    from previewer.operations.open_outside import EVERYWHERE
    from previewer.operations.router import measure_requests
    from previewer.records.environments import list_environments

    with invocation.open_session((), is_everywhere=everywhere or invocation.project is None) as session:
        everywhere = everywhere or session.source.installation == EVERYWHERE
        environments = list_environments(session, everywhere=everywhere)
        rates = measure_requests(session, environments) if form is not Format.TABLE else {}
        rows = [{**environment_row(e), "requests_per_minute": rates.get(e.name)} for e in environments]
        has_marks = any(row["marks"] for row in rows)
        columns = environment_columns(session.clock(), names_project=everywhere, has_marks=has_marks)
        invocation.output.rows(columns, rows, form)
        own = [e for e in environments if e.ownership.installation == session.source.installation]
        warn_of_expiry(invocation.diagnostics, own, session.clock())
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


@verb("branches")
@click.argument("pattern", required=False)
@click.option("-r", "--remote", is_flag=True, help="Also list remote branches.")
@click.option("-e", "--environments", "joined", is_flag=True, help="Also show the environments that run them.")
@output_option()
@pass_invocation
def branches_command(
    invocation: Invocation, *, pattern: str | None, remote: bool, joined: bool, form: Format
) -> None:
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


@verb("history")
@click.argument("environment", required=False, shell_complete=complete_environments)
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N entries.")
@output_option()
@pass_invocation
def history_command(invocation: Invocation, *, environment: str | None, limit: int | None, form: Format) -> None:
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
