"""``previewer audit``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.terminal import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from previewer.session.session import Session


@verb("audit")
@click.argument("what", metavar="WHAT", type=click.Choice(["verify", "export", "drop", "accept"]))
@click.argument("releases", metavar="RELEASE", nargs=-1)
@click.option("--history", "drops_history", is_flag=True, help="With drop: begin a new history, without notes.")
@output_option()
@pass_invocation
def command(
    invocation: Invocation, *, what: str, releases: tuple[str, ...], drops_history: bool, form: Format
) -> ExitCode:
    """Check the ledger, or export it for an auditor.

    WHAT is one of four. verify: check the history's chain of hashes, that no entry was cut off from its end,
    and each release with its files, attestations, their digests and signatures; ends with 3 if anything is not
    intact. export: print the history as JSON lines, oldest first. drop: forget each RELEASE, readable or
    not, or the whole history with --history. accept: take the history as it is now, after it was replaced on
    purpose.
    """
    if what != "drop" and (releases or drops_history):
        raise UsageError("only `audit drop` takes releases or --history")
    with invocation.open_session() as session:
        if what == "verify":
            return _verify(invocation, session, form)
        if what == "export":
            from previewer.operations.audit import export_history

            lines = [json.dumps(line) for line in export_history(session)]
            invocation.output.lines(lines)
        elif what == "accept":
            session.ledger.accept_head()
        else:
            _drop(invocation, session, releases, drops_history=drops_history)
    return ExitCode.OK


def _verify(invocation: Invocation, session: Session, form: Format) -> ExitCode:
    from previewer.operations.audit import Verified, verify_ledger
    from previewer.present.tables import Column

    checks = verify_ledger(session)
    columns = (Column("subject", "SUBJECT"), Column("verdict", "VERDICT"), Column("detail", "DETAIL"))
    rows = [{"subject": c.subject, "verdict": c.verdict.value, "detail": c.detail} for c in checks]
    invocation.output.rows(columns, rows, form)
    is_well = all(check.verdict is not Verified.FAILED for check in checks)
    return ExitCode.OK if is_well else ExitCode.DIFFERENCE


def _drop(invocation: Invocation, session: Session, releases: tuple[str, ...], *, drops_history: bool) -> None:
    from previewer.operations.audit import drop_releases

    if not releases and not drops_history:
        raise UsageError("nothing to drop was named", hint="name releases, or say --history")
    drop_releases(session, releases)
    for release in releases:
        invocation.diagnostics.note(f"release {release} is dropped")
    if drops_history:
        had = session.ledger.drop_history()
        invocation.diagnostics.note("the history is dropped" if had else "there was no history")
