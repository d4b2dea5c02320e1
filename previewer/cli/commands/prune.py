"""``previewer prune``."""

from __future__ import annotations

import click

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.output_format import Format


@verb("prune")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Print what would be removed, and remove nothing.")
@progress_option()
@output_option()
@pass_invocation
def command(invocation: Invocation, *, yes: bool, dry_run: bool, progress: str, form: Format) -> None:
    """Remove images that nothing needs any more.

    Prints the images and what they take. Freezing a release again builds them again.
    """
    from previewer.cli.confirmation import confirm
    from previewer.cli.rows.images import IMAGE_COLUMNS, format_bytes, image_rows
    from previewer.cli.running import running
    from previewer.domain.wording import counted
    from previewer.operations.prune import plan_prune, prune

    with invocation.open_session() as session:
        plan = plan_prune(session)
        rows, size = image_rows(plan.images), plan.bytes
        if rows and not dry_run:
            if not yes:
                confirm(invocation, f"Remove {counted(len(rows), 'image')}, {format_bytes(size)}?")
            with running(invocation, progress) as run:
                result = prune(session, report=run.report, cancellation=run.cancellation)
            rows, size = tuple(row for row in rows if row["image"] in result.removed), result.bytes
    if form is Format.TABLE:
        invocation.output.table(IMAGE_COLUMNS, rows)
    else:
        invocation.output.value({"dry_run": dry_run, "images": rows, "bytes": size}, form)
    done = "would be freed" if dry_run else "freed"
    invocation.diagnostics.note(
        f"{counted(len(rows), 'image')}, {format_bytes(size)} {done}" if rows else "nothing to remove"
    )
