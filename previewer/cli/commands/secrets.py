"""``previewer secrets``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format


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
def command(invocation: Invocation, *, what: str, revision: str, role: str, form: Format) -> ExitCode:
    """List the secrets that a commit wants, and what is missing.

    Those that the default branch's previewer.toml gives the role, with their sources and never their values, and
    what the definition wants besides. Ends with 1 if anything is missing.
    """
    del what
    from previewer.domain.compose.definition import Role
    from previewer.operations.check_secrets import GIVEN, UNUSED, check_secrets
    from previewer.present.tables import Column

    with invocation.open_session() as session:
        found = check_secrets(session, revision, Role(role))
    columns = (
        Column("name", "SECRET", gives_way=True),
        Column("state", "STATE"),
        Column("source", "SOURCE", gives_way=True),
        Column("where", "WANTED BY", gives_way=True),
        Column("reason", "REASON", gives_way=True),
    )
    rows = [
        {"name": one.name, "state": one.state, "source": one.source, "where": one.where, "reason": one.reason}
        for one in found
    ]
    invocation.output.rows(columns, rows, form)
    if not found:
        invocation.diagnostics.note("nothing is wanted that is not in the commit")
    missing = any(one.state not in (GIVEN, UNUSED) for one in found)
    if missing:
        invocation.diagnostics.note(
            "something is missing",
            "give it under [secrets] in previewer.toml on the default branch, or --env-file",
        )
    return ExitCode.FAILED if missing else ExitCode.OK
