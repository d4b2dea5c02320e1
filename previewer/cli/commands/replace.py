"""``previewer replace``, ``update``, ``promote`` and ``rollback``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import (
    dry_run_option,
    env_file_option,
    output_option,
    progress_option,
    renewal_options,
    timeout_option,
    verb,
)
from previewer.cli.terminal import Format
from previewer.errors import NotFoundError

if TYPE_CHECKING:
    from previewer.cli.deployment import RenewalArguments
    from previewer.operations.rollback import Candidate
    from previewer.session.session import Session


@verb("replace")
@renewal_options()
@pass_invocation
def command(invocation: Invocation, **given: Unpack[RenewalArguments]) -> ExitCode:
    """Run an environment's release again, from nothing.

    The remedy for an environment that was changed by hand or is unhealthy. It stays up until its successor is
    healthy, which then takes over its ports. Volumes start as with `up`.
    """
    from previewer.cli.deployment import renew
    from previewer.operations.replace import plan_replace, replace_environment

    return renew(invocation, plan=plan_replace, perform=replace_environment, **given)


@verb("update")
@renewal_options()
@pass_invocation
def update_command(invocation: Invocation, **given: Unpack[RenewalArguments]) -> ExitCode:
    """Bring an environment to the tip of its branch.

    Freezes the tip and replaces the environment's release with it. Does nothing if it runs the tip already.
    """
    from previewer.cli.deployment import renew
    from previewer.operations.replace import plan_update, update

    return renew(invocation, plan=plan_update, perform=update, **given)


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
def promote_command(
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


@verb("rollback")
@click.argument("target", metavar="[ENVIRONMENT|ROLE]", required=False, shell_complete=complete_environments)
@click.argument("release", metavar="[RELEASE]", required=False)
@click.option("--list", "only_list", is_flag=True, help="Only list what it can go back to.")
@env_file_option()
@click.option("--with-data", is_flag=True, help="Go back to the data of that time, too; else it goes on as it is.")
@timeout_option()
@dry_run_option()
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@progress_option()
@output_option()
@pass_invocation
def rollback_command(
    invocation: Invocation,
    *,
    target: str | None,
    release: str | None,
    only_list: bool,
    env_files: tuple[str, ...],
    with_data: bool,
    timeout: float | None,
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    """Go back to a release that is known to be good.

    A release is known-good when it served, untouched, until another one took its place. A generation that was kept
    is started again; otherwise its release is deployed again. Without arguments the known-good releases are listed
    first. Asks before it begins; production asks for its name.
    """
    from previewer.cli.confirmation import confirm_replacement
    from previewer.cli.deployment import show_plan, show_result
    from previewer.cli.running import running
    from previewer.operations.rollback import RollbackOptions, choose, list_candidates, plan_rollback, rollback
    from previewer.releases.definitions import give_files

    options = RollbackOptions(release=release, with_data=with_data, timeout=timeout)
    with invocation.open_session() as session:
        give_files(session, env_files)
        candidates = list_candidates(session, target)
        if only_list:
            _print(invocation, session, candidates, form)
            return ExitCode.OK
        if not candidates:
            raise NotFoundError("there is no other known-good release", where=target)
        if target is None and form is Format.TABLE:
            _print(invocation, session, candidates, form)
        chosen = choose(candidates, release)
        if dry_run:
            return show_plan(invocation, plan_rollback(session, target, options), form)
        if not yes:
            plan = plan_rollback(session, target, options)
            confirm_replacement(invocation, chosen.role, plan, is_rollback=True)
        with running(invocation, session, progress) as run:
            result = rollback(run, target, options)
    return show_result(invocation, result, form)


def _print(invocation: Invocation, session: Session, candidates: tuple[Candidate, ...], form: Format) -> None:
    from previewer.cli.rows.history import candidate_columns, candidate_rows

    rows = candidate_rows(candidates)
    if form is Format.TABLE:
        invocation.output.table(candidate_columns(session.clock()), rows)
    else:
        invocation.output.value(list(rows), form)
