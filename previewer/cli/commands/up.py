"""``previewer up``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.output_format import Format

if TYPE_CHECKING:
    from previewer.domain.environment import Environment
    from previewer.domain.json_value import JsonObject
    from previewer.operations.up import UpResult


@verb("up")
@click.argument("revision", shell_complete=complete_branches)
@click.option(
    "--role",
    type=click.Choice(["preview", "staging", "production"]),
    default="preview",
    show_default=True,
    help="What the environment is for.",
)
@click.option("--definition", metavar="NAME", help="Which definition of the commit (default: the role's).")
@click.option("--name", metavar="NAME", help="The environment's name (default: by project and branch).")
@click.option("--ttl", metavar="TTL", help="How long it lives: 90m, 10h, 5d, 1d12h, never.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="How long to wait for health.")
@click.option("--no-cache", is_flag=True, help="Build every image again.")
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Replace production without a question.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    revision: str,
    role: str,
    definition: str | None,
    name: str | None,
    ttl: str | None,
    timeout: float | None,
    no_cache: bool,
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    """Run a commit: freeze it, start it, wait until it is healthy.

    What runs already stays until its successor is healthy. REVISION is a branch, a tag or a commit. Asks before it
    replaces production.
    """
    from previewer.cli.confirmation import confirm_up
    from previewer.cli.running import running
    from previewer.domain.definition import Role
    from previewer.operations.up import UpOptions, plan_up, up

    options = UpOptions(
        role=Role(role),
        definition=definition,
        name=name,
        ttl=ttl,
        timeout=timeout,
        use_cache=not no_cache,
    )
    with invocation.open_session() as session:
        if dry_run:
            from previewer.cli.plan_printer import print_plan

            print_plan(invocation.output, plan_up(session, revision, options), form)
            return ExitCode.OK
        if not yes:
            confirm_up(invocation, session, revision, options)
        with running(invocation, progress) as run:
            result = up(session, revision, options, report=run.report, cancellation=run.cancellation)
    _print(invocation, result, form)
    code = _verdict(invocation, result.environment)
    if code is ExitCode.OK and not result.environment.urls:
        invocation.diagnostics.note(f"{result.environment.name} is up; no service of it publishes a port")
    return code


def _verdict(invocation: Invocation, environment: Environment) -> ExitCode:
    """What has no health check is up as soon as it runs, and may have ended since."""
    from previewer.cli.rows.states import SERVING

    ailing = [service for service in environment.services if service.state not in SERVING]
    for service in ailing:
        invocation.diagnostics.warn(
            f"{service.name} of {environment.name}: {service.state.value} right after its start",
            f"see `previewer logs {environment.name} {service.name}`; with a health check `up` would have known",
        )
    return ExitCode.UNHEALTHY if ailing else ExitCode.OK


def _print(invocation: Invocation, result: UpResult, form: Format) -> None:
    from previewer.cli.rows.environments import url_columns, url_rows

    if form is not Format.TABLE:
        invocation.output.value(_up_row(result), form)
        return
    invocation.output.table(url_columns(), url_rows(result.environment))


def _up_row(result: UpResult) -> JsonObject:
    from previewer.cli.rows.environments import environment_row, urls_by_service

    return {
        **environment_row(result.environment),
        "urls": urls_by_service(result.environment),
        "changed": result.changed,
    }
