"""``previewer replace``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.output_format import Format


@verb("replace")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--ttl", metavar="TTL", help="How long it lives from now: 90m, 10h, 5d, 1d12h, never.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="How long to wait for health.")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Replace staging and production without a question.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    environment: str,
    ttl: str | None,
    timeout: float | None,
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    """Run an environment's release again, from nothing.

    The remedy for an environment that somebody touched, or that is ailing. What runs stays until its successor is
    healthy, which then takes over its ports. Volumes start empty.
    """
    from previewer.cli.confirmation import confirm_replacement
    from previewer.cli.deployment import show_plan, show_result
    from previewer.cli.running import running
    from previewer.domain.definition import Role
    from previewer.operations.environments import find_environment
    from previewer.operations.replace import ReplaceOptions, plan_replace, replace_environment

    options = ReplaceOptions(ttl=ttl, timeout=timeout)
    with invocation.open_session() as session:
        if dry_run:
            return show_plan(invocation, plan_replace(session, environment, options), form)
        role = find_environment(session, environment).role
        if role is not Role.PREVIEW and not yes:
            confirm_replacement(invocation, role, plan_replace(session, environment, options))
        with running(invocation, progress) as run:
            result = replace_environment(
                session, environment, options, report=run.report, cancellation=run.cancellation
            )
    return show_result(invocation, result, form)
