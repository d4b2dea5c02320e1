"""What commands that let an environment run a release have in common: the plan before, the result after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation
from previewer.cli.terminal import Format

if TYPE_CHECKING:
    from previewer.deployment.deployment import UpResult
    from previewer.domain.deploy.plan import Plan
    from previewer.domain.deploy.request import DeployRequest
    from previewer.domain.environment.environment import Environment
    from previewer.domain.json_value import JsonObject
    from previewer.session.run import Run
    from previewer.session.session import Session


class RenewalArguments(TypedDict):
    """What :func:`~previewer.cli.options.renewal_options` give a command."""

    environment: str
    ttl: str | None
    timeout: float | None
    env_files: tuple[str, ...]
    dry_run: bool
    yes: bool
    progress: str
    form: Format


class Renewal(Protocol):
    """An operation that gives an environment its next generation."""

    def __call__(self, run: Run, environment: str, request: DeployRequest, /) -> UpResult:
        """Do it."""
        ...


def renew(
    invocation: Invocation,
    *,
    plan: Callable[[Session, str, DeployRequest], Plan],
    perform: Renewal,
    **given: Unpack[RenewalArguments],
) -> ExitCode:
    """Show the plan, or ask where staging or production is replaced, and do it."""
    from previewer.cli.confirmation import confirm_replacement
    from previewer.cli.running import running
    from previewer.domain.compose.definition import ReadingChoice, Role
    from previewer.domain.deploy.request import DeployRequest
    from previewer.records.environments import find_environment

    environment = given["environment"]
    choice = ReadingChoice(env_files=given["env_files"])
    request = DeployRequest(choice=choice, ttl=given["ttl"], timeout=given["timeout"])
    with invocation.open_session() as session:
        if given["dry_run"]:
            return show_plan(invocation, plan(session, environment, request), given["form"])
        role = find_environment(session, environment).role
        if role is not Role.PREVIEW and not given["yes"]:
            confirm_replacement(invocation, role, plan(session, environment, request))
        with running(invocation, session, given["progress"]) as run:
            result = perform(run, environment, request)
    return show_result(invocation, result, given["form"])


def show_plan(invocation: Invocation, plan: Plan, form: Format) -> ExitCode:
    """The plan on standard output; what a person should know besides on standard error."""
    from previewer.cli.plan_printer import print_plan

    print_plan(invocation.output, plan, form)
    for line in plan.left_data:
        invocation.diagnostics.warn(line)
    for note in (*plan.begins, *plan.notes):
        invocation.diagnostics.note(note)
    return ExitCode.OK


def show_result(invocation: Invocation, result: UpResult, form: Format) -> ExitCode:
    """The URLs on standard output, and the verdict on what runs."""
    from previewer.cli.ci.report import publish_environment
    from previewer.cli.rows.environments import url_columns, url_rows
    from previewer.domain.environment.urls import reason_for_no_url, remedy_for_no_url

    if form is not Format.TABLE:
        invocation.output.value(_result_row(result), form)
    else:
        invocation.output.table(url_columns(), url_rows(result.environment))
    publish_environment(invocation, result.environment)
    code = _verdict(invocation, result.environment)
    if code is ExitCode.OK and not result.environment.urls:
        invocation.diagnostics.note(
            f"{result.environment.name} is up; {reason_for_no_url(result.environment)}",
            remedy_for_no_url(result.environment) if result.environment.machine else "",
        )
    return code


def _verdict(invocation: Invocation, environment: Environment) -> ExitCode:
    """What has no health check is up as soon as it runs, and may have ended since."""
    from previewer.domain.environment.environment import SERVING

    ailing = [service for service in environment.services if service.state not in SERVING]
    for service in ailing:
        invocation.diagnostics.warn(
            f"{service.name} of {environment.name}: {service.state.value} right after its start",
            f"see `previewer logs {environment.name} {service.name}`; with a health check `up` would have known",
        )
    return ExitCode.UNHEALTHY if ailing else ExitCode.OK


def _result_row(result: UpResult) -> JsonObject:
    from previewer.cli.rows.environments import environment_row, url_rows, urls_by_service

    return {
        **environment_row(result.environment),
        "urls": urls_by_service(result.environment),
        "ports": list(url_rows(result.environment)),
        "changed": result.changed,
        "gap_seconds": round(result.downtime_seconds, 3) if result.downtime_seconds is not None else None,
    }
