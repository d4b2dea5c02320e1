"""``previewer doctor``, ``policy`` and ``secrets``: what hinders a commit from running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.terminal import Format
from previewer.errors import PreviewerError

if TYPE_CHECKING:
    from previewer.domain.policy.check import Check, Explanation


@verb("doctor")
@output_option()
@pass_invocation
def doctor_command(invocation: Invocation, *, form: Format) -> ExitCode:
    """Check git, the engine and the settings.

    Ends with 1 where a check failed.
    """
    from previewer.cli.rows.project import print_checks

    return print_checks(invocation, _examine(invocation), form)


def _examine(invocation: Invocation) -> tuple[Check, ...]:
    """All checks; those of a repository only where there is one."""
    from previewer.operations.doctor import examine

    try:
        session = invocation.open_session()
    except PreviewerError as failure:
        return examine(None, failure=failure)
    with session as opened:
        return examine(opened)


@verb("policy")
@click.argument("revision", default="HEAD", shell_complete=complete_branches)
@click.option(
    "--definition", "--role", "name", default="preview", show_default=True, metavar="NAME", help="Which one."
)
@click.option("-a", "--all", "every", is_flag=True, help="Show also the rules that found nothing.")
@click.option("--exit-code", is_flag=True, help="End with 5 if anything is refused.")
@output_option()
@pass_invocation
def policy_command(
    invocation: Invocation, *, revision: str, name: str, every: bool, exit_code: bool, form: Format
) -> ExitCode:
    """Explain what a commit's definition may do, and why.

    One line for each request that a rule covers. REVISION is a branch, a tag or a commit.
    """
    from previewer.cli.rows.project import POLICY_COLUMNS, policy_rows
    from previewer.releases.definitions import distrust, explain_policy

    with invocation.open_session() as session:
        explanation = explain_policy(session, revision, name=name)
        reservation = distrust(session)
    rows = policy_rows(explanation, every=every)
    invocation.output.rows(POLICY_COLUMNS, rows, form)
    refused = sum(row["verdict"] == "refused" for row in rows)
    if reservation is not None:
        invocation.diagnostics.warn(reservation.message, reservation.hint)
    if form is Format.TABLE:
        _tell(invocation, explanation, refused)
    return ExitCode.REFUSED if exit_code and refused else ExitCode.OK


def _tell(invocation: Invocation, explanation: Explanation, refused: int) -> None:
    """What helps with each refusal, and how much was looked at."""
    from previewer.domain.units import counted

    for outcome in explanation.outcomes:
        for hint in dict.fromkeys(
            f.hint for f in outcome.findings if outcome.verdict == "refused" and not f.allowed_by
        ):
            invocation.diagnostics.hint(f"{outcome.rule.id}: {hint}")
    for grant in explanation.unused:
        invocation.diagnostics.note(f"{grant.source}: {grant.text} is allowed here, and nothing asks for it")
    if explanation.images:
        invocation.diagnostics.note(f"images that are read: {', '.join(explanation.images)}")
    if explanation.unread:
        invocation.diagnostics.warn(f"which images are built upon cannot be read: {explanation.unread}")
    findings = len(explanation.findings)
    summary = f"{len(explanation.outcomes)} rules looked at, {counted(findings, 'thing')} found, {refused} refused"
    invocation.diagnostics.note(summary)


@verb("secrets")
@click.argument("what", metavar="check", type=click.Choice(["check"]))
@click.argument("revision", default="HEAD", shell_complete=complete_branches)
@click.option(
    "--role",
    type=click.Choice(["preview", "staging", "production"]),
    default="preview",
    show_default=True,
    help="The role of the environment.",
)
@output_option()
@pass_invocation
def secrets_command(invocation: Invocation, *, what: str, revision: str, role: str, form: Format) -> ExitCode:
    """List the secrets that a commit wants, and what is missing.

    Those that the default branch's previewer.toml gives the role, with their sources and never their values, and
    what the definition wants besides. Ends with 1 if anything is missing.
    """
    del what
    from previewer.domain.compose.definition import Role
    from previewer.operations.check_secrets import GIVEN, UNUSED, check_secrets
    from previewer.present.tables import Column

    with invocation.open_session() as session:
        secrets = check_secrets(session, revision, Role(role))
    columns = (
        Column("name", "SECRET", gives_way=True),
        Column("state", "STATE"),
        Column("source", "SOURCE", gives_way=True),
        Column("where", "WANTED BY", gives_way=True),
        Column("reason", "REASON", gives_way=True),
    )
    rows = [
        {"name": one.name, "state": one.state, "source": one.source, "where": one.where, "reason": one.reason}
        for one in secrets
    ]
    invocation.output.rows(columns, rows, form)
    if not secrets:
        invocation.diagnostics.note("nothing is wanted that is not in the commit")
    missing = any(one.state not in (GIVEN, UNUSED) for one in secrets)
    if missing:
        invocation.diagnostics.note(
            "something is missing",
            "give it under [secrets] in previewer.toml on the default branch, or --env-file",
        )
    return ExitCode.FAILED if missing else ExitCode.OK
