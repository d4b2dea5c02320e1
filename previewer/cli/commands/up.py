"""``previewer up``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import (
    branch_option,
    data_option,
    definition_options,
    dry_run_option,
    output_option,
    progress_option,
    timeout_option,
    verb,
)
from previewer.cli.terminal import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from previewer.deployment.deployment import UpResult
    from previewer.domain.compose.definition import ReadingChoice
    from previewer.domain.deploy.plan import Plan
    from previewer.domain.environment.environment import Environment
    from previewer.session.session import Session


@verb("up")
@click.argument("revision", required=False, shell_complete=complete_branches)
@click.option("--release", metavar="ID", help="Run a kept release instead: nothing is built, no file is read.")
@click.option(
    "--role",
    type=click.Choice(["preview", "staging", "production"]),
    default="preview",
    show_default=True,
    help="The role of the environment.",
)
@click.option("--definition", metavar="NAME", help="Which definition of the commit (default: the role's).")
@definition_options()
@click.option("--name", metavar="NAME", help="The environment's name (default: by project and branch).")
@data_option()
@branch_option()
@click.option("--ttl", metavar="TTL", help="How long it lives: 90m, 10h, 5d, 1d12h, never.")
@timeout_option()
@click.option("--queue", is_flag=True, help="Wait for room on the engine, at most the timeout.")
@click.option("--pull", is_flag=True, help="Pin images again: a tag may have moved since the commit was frozen.")
@click.option("--no-cache", is_flag=True, help="Build every image again.")
@click.option("--tunnel", is_flag=True, help="Keep its ports open here until interrupted, over ssh.")
@dry_run_option()
@click.option("-y", "--yes", is_flag=True, help="Replace staging and production without a question.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    revision: str | None,
    release: str | None,
    role: str,
    definition: str | None,
    choice: ReadingChoice,
    name: str | None,
    data: str | None,
    branch: str | None,
    ttl: str | None,
    timeout: float | None,
    queue: bool,
    pull: bool,
    no_cache: bool,
    tunnel: bool,
    dry_run: bool,
    yes: bool,
    progress: str,
    form: Format,
) -> ExitCode:
    """Run a commit: freeze it, start it, wait until it is healthy.

    What runs already stays until its successor is healthy, which then takes over its ports. REVISION is a branch,
    a tag or a commit. Asks before it replaces production, and before data of staging is left behind.
    """
    _refuse_nonsense(revision, release, choice)
    from previewer.domain.compose.definition import Role
    from previewer.domain.deploy.request import DeployRequest

    request = DeployRequest(
        role=Role(role),
        definition=definition,
        choice=choice,
        name=name,
        data=data or "",
        branch=branch,
        ttl=ttl,
        timeout=timeout,
        is_queued=queue,
        use_cache=not no_cache,
        pins_again=pull,
    )

    with invocation.open_session() as session:
        session.prefetch_engine(makes=not dry_run)  # it answers while all that decides is loaded
        from previewer.cli.confirmation import confirm_replacement
        from previewer.cli.deployment import show_plan, show_result
        from previewer.cli.running import running
        from previewer.operations.tunnel import refuse_tunnel
        from previewer.operations.up import plan_up, plan_up_release, up, up_release
        from previewer.releases.definitions import give_files

        def planned() -> Plan:
            if release:
                return plan_up_release(session, release, request)
            return plan_up(session, revision or "", request)

        if tunnel:
            refuse_tunnel(session)
        if release:
            give_files(session, choice.env_files)
        if dry_run:
            from previewer.cli.warnings import note_capacity

            plan = planned()
            show_plan(invocation, plan, form)
            note_capacity(invocation.diagnostics, plan, session)
            return ExitCode.OK
        if request.role is not Role.PREVIEW and not yes:
            confirm_replacement(invocation, request.role, planned())
        with running(invocation, session, progress) as run:
            result = up_release(run, release, request) if release else up(run, revision or "", request)
        if tunnel:
            return _show_through_tunnel(invocation, session, result, form)
    return show_result(invocation, result, form)


def _show_through_tunnel(invocation: Invocation, session: Session, result: UpResult, form: Format) -> ExitCode:
    """What is printed answers until the command is interrupted."""
    from previewer.cli.deployment import show_result
    from previewer.cli.running import running
    from previewer.operations.tunnel import keep_tunnel

    code = ExitCode.OK

    def show(reached: Environment) -> None:
        nonlocal code
        code = show_result(invocation, replace(result, environment=reached), form)
        invocation.output.flush()

    with running(invocation, session) as run:
        keep_tunnel(run, result.environment, show)
    return code


def _refuse_nonsense(revision: str | None, release: str | None, choice: ReadingChoice) -> None:
    if bool(revision) == bool(release):
        raise UsageError("name a revision, or a release with --release", hint="`previewer releases` lists them")
    if release and (choice.files or choice.profiles or choice.takes_examples):
        raise UsageError(
            "a kept release was read when it was frozen", hint="-f, --profile and --env-example are for revisions"
        )
