"""``previewer promote``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import (
    dry_run_option,
    env_file_option,
    output_option,
    progress_option,
    timeout_option,
    verb,
)
from previewer.cli.output_format import Format


@verb("promote")
@click.argument("subject", metavar="RELEASE|ENVIRONMENT|REVISION", shell_complete=complete_environments)
@click.option("--to", type=click.Choice(["staging", "production"]), required=True, help="The role to run it as.")
@click.option("--name", metavar="NAME", help="The environment's name (default: by project and role).")
@click.option("--ttl", metavar="TTL", help="How long it lives: 90m, 10h, 5d, 1d12h, never.")
@env_file_option()
@timeout_option()
@click.option("--force", is_flag=True, help="To production even if it was not proven in staging.")
@dry_run_option()
@click.option("-y", "--yes", is_flag=True, help="Replace what runs without a question.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    subject: str,
    to: str,
    name: str | None,
    ttl: str | None,
    env_files: tuple[str, ...],
    timeout: float | None,
    force: bool,
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    """Run what was proven in staging or production.

    Nothing is built. Refused where the source environment is tainted or unhealthy, where a service would
    run another image than there, and where production would run a release that staging has not.
    """
    from previewer.cli.confirmation import confirm_replacement
    from previewer.cli.deployment import show_plan, show_result
    from previewer.cli.running import running
    from previewer.domain.compose.definition import ReadingChoice, Role
    from previewer.domain.deploy.request import DeployRequest
    from previewer.operations.promote import plan_promote, promote

    request = DeployRequest(
        role=Role(to),
        choice=ReadingChoice(env_files=env_files),
        name=name,
        ttl=ttl,
        timeout=timeout,
        takes_unproven=force,
    )
    with invocation.open_session() as session:
        if dry_run:
            return show_plan(invocation, plan_promote(session, subject, request), form)
        if not yes:
            confirm_replacement(invocation, request.role, plan_promote(session, subject, request))
        with running(invocation, session, progress) as run:
            result = promote(run, subject, request)
    return show_result(invocation, result, form)
