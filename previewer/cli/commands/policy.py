"""``previewer policy``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format

if TYPE_CHECKING:
    from previewer.domain.policy.check import Explanation


@verb("policy")
@click.argument("revision", default="HEAD", shell_complete=complete_branches)
@click.option(
    "--definition", "--role", "name", default="preview", show_default=True, metavar="NAME", help="Which one."
)
@click.option("-a", "--all", "every", is_flag=True, help="Show also the rules that found nothing.")
@click.option("--exit-code", is_flag=True, help="End with 5 if anything is refused.")
@output_option()
@pass_invocation
def command(
    invocation: Invocation, *, revision: str, name: str, every: bool, exit_code: bool, form: Format
) -> ExitCode:
    """Explain what a commit's definition may do, and why.

    One line for each request that a rule covers. REVISION is a branch, a tag or a commit.
    """
    from previewer.cli.rows.policy import POLICY_COLUMNS, policy_rows
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
    found = len(explanation.findings)
    told = f"{len(explanation.outcomes)} rules looked at, {counted(found, 'thing')} found, {refused} refused"
    invocation.diagnostics.note(told)
