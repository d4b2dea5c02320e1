"""``previewer data reset`` and ``previewer data clone``: an environment gets other data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import dry_run_option, output_option, progress_option, verb
from previewer.cli.terminal import Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from previewer.deployment.deployment import UpResult
    from previewer.domain.deploy.plan import Plan
    from previewer.session.run import Run
    from previewer.session.session import Session

_YES = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


@verb("reset")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--to", "to", metavar="SNAPSHOT", help="The snapshot, or empty (default: what seeds made).")
@dry_run_option()
@_YES
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    environment: str,
    to: str | None,
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    """Replace an environment by one of the same release with other data.

    State that outlives releases becomes a snapshot first, which can be gone back to.
    """
    from previewer.operations.data import plan_reset, reset

    data = to or ""
    return _renew(
        invocation,
        environment,
        plan=lambda session: plan_reset(session, environment, data),
        perform=lambda run: reset(run, environment, data),
        dry_run=dry_run,
        yes=yes,
        progress=progress,
        form=form,
    )


@verb("clone")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--to", "to", metavar="ENVIRONMENT", required=True, help="The environment that gets the data.")
@dry_run_option()
@_YES
@progress_option()
@output_option()
@pass_invocation
def clone_command(
    invocation: Invocation,
    *,
    environment: str,
    to: str,
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    """Give another environment the data that an environment has now.

    A snapshot is taken of the one, and the other is replaced by one of the same release with it.
    """
    from previewer.operations.data import clone, plan_clone

    return _renew(
        invocation,
        to,
        plan=lambda session: plan_clone(session, environment, to),
        perform=lambda run: clone(run, environment, to),
        dry_run=dry_run,
        yes=yes,
        progress=progress,
        form=form,
    )


def _renew(
    invocation: Invocation,
    environment: str,
    *,
    plan: Callable[[Session], Plan],
    perform: Callable[[Run], UpResult],
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    from previewer.cli.confirmation import confirm_replacement
    from previewer.cli.deployment import show_plan, show_result
    from previewer.cli.running import running
    from previewer.domain.compose.definition import Role
    from previewer.records.environments import find_environment

    with invocation.open_session() as session:
        if dry_run:
            return show_plan(invocation, plan(session), form)
        role = find_environment(session, environment).role
        if role is not Role.PREVIEW and not yes:
            confirm_replacement(invocation, role, plan(session))
        with running(invocation, session, progress) as run:
            result = perform(run)
    return show_result(invocation, result, form)
