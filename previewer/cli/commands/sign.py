"""``previewer sign``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.output_format import Format
from previewer.domain.json_value import JsonObject


@verb("sign")
@click.argument("release", metavar="RELEASE", default="HEAD", shell_complete=complete_branches)
@progress_option()
@output_option()
@pass_invocation
def command(invocation: Invocation, *, release: str, progress: str, form: Format) -> ExitCode:
    """Sign a release and its attestations.

    Uses the key that git signs commits with (user.signingkey). Signatures of others stay: a release counts as
    signed where one of them is good.

    RELEASE is its id or the beginning of it, a revision that was frozen, or an environment; without it, HEAD.
    """
    from previewer.cli.rows.cells import show_id
    from previewer.cli.rows.provenance import show_signature
    from previewer.cli.running import running
    from previewer.cli.table import Column
    from previewer.operations.sign import sign_release

    with invocation.open_session() as session, running(invocation, session, progress) as run:
        found, said = sign_release(run, release)
    row: JsonObject = {
        "release": found.id,
        "signature": {"verdict": said.verdict.value, "signer": said.signer or None, "reason": said.reason or None},
    }
    columns = (Column("release", "RELEASE", show_id), Column("signature", "SIGNATURE", show_signature))
    if form is Format.TABLE:
        invocation.output.record(columns, row)
    else:
        invocation.output.value(row, form)
    return ExitCode.OK
