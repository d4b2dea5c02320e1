"""``previewer verify`` and ``previewer sign``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.terminal import Format
from previewer.domain.json_value import JsonObject

SHOWN = 50
"""Differences in a table; the other formats have all."""


@verb("verify")
@click.argument("release", metavar="RELEASE", default="HEAD", shell_complete=complete_branches)
@click.option("--rebuild", is_flag=True, help="Build its images again, without any cache, and compare.")
@click.option("--dry-run", is_flag=True, help="Print what would be built again; build nothing.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation, *, release: str, rebuild: bool, dry_run: bool, progress: str, form: Format
) -> ExitCode:
    """Check that a release is what it claims to be.

    The manifest must match its id, the engine must have every image, and the files that services read must be as
    they were frozen. With --rebuild the images are built again from the commit, on the recorded bases: each is
    identical, equal in content, or different, with the files that differ. Images built for this are removed again.
    Ends with 3 if anything is missing or different.

    RELEASE is its id or the beginning of it, a revision that was frozen, or an environment; without it, HEAD.
    """
    from previewer.cli.running import running
    from previewer.operations.verify import plan_verify, verify

    with invocation.open_session() as session:
        if dry_run:
            invocation.output.lines(plan_verify(session, release, rebuild=rebuild))
            return ExitCode.OK
        with running(invocation, session, progress) as run:
            result = verify(run, release, rebuild=rebuild)
    from previewer.cli.rows.transfers import (
        DIFFERENCE_COLUMNS,
        HEAD_COLUMNS,
        IMAGE_COLUMNS,
        difference_rows,
        image_row,
        verified_row,
    )

    head, images = verified_row(result), tuple(image_row(image) for image in result.images)
    if form is not Format.TABLE:
        invocation.output.value({**head, "images": images}, form)
        return ExitCode.OK if result.is_well else ExitCode.DIFFERENCE
    invocation.output.record(HEAD_COLUMNS, head)
    invocation.output.line("")
    invocation.output.table(IMAGE_COLUMNS, images)
    if rows := difference_rows(result):
        invocation.output.line("")
        invocation.output.table(DIFFERENCE_COLUMNS, rows[:SHOWN])
    if len(rows) > SHOWN:
        invocation.diagnostics.note(f"{len(rows) - SHOWN} more differences: -o json lists all")
    return ExitCode.OK if result.is_well else ExitCode.DIFFERENCE


@verb("sign")
@click.argument("release", metavar="RELEASE", default="HEAD", shell_complete=complete_branches)
@progress_option()
@output_option()
@pass_invocation
def sign_command(invocation: Invocation, *, release: str, progress: str, form: Format) -> ExitCode:
    """Sign a release and its attestations.

    Uses the key that git signs commits with (user.signingkey). Signatures of others stay: a release counts as
    signed where one of them is good.

    RELEASE is its id or the beginning of it, a revision that was frozen, or an environment; without it, HEAD.
    """
    from previewer.cli.rows.cells import show_id
    from previewer.cli.rows.provenance import show_signature
    from previewer.cli.running import running
    from previewer.operations.verify import sign_release
    from previewer.present.tables import Column

    with invocation.open_session() as session, running(invocation, session, progress) as run:
        found, said = sign_release(run, release)
    row: JsonObject = {
        "release": found.id,
        "signature": {"verdict": said.verdict.value, "signer": said.signer or None, "reason": said.reason or None},
    }
    columns = (Column("release", "RELEASE", show=show_id), Column("signature", "SIGNATURE", show=show_signature))
    if form is Format.TABLE:
        invocation.output.record(columns, row)
    else:
        invocation.output.value(row, form)
    return ExitCode.OK
