"""``previewer prune``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.terminal import Format

if TYPE_CHECKING:
    from previewer.domain.json_value import JsonObject


@verb("prune")
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    metavar="N",
    help="Keep the newest N releases (default: the setting keep_releases, 5).",
)
@click.option("--releases", is_flag=True, help="Also forget releases that are not kept.")
@click.option("--kept", is_flag=True, help="Also print what stays, and why.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Print what would be removed, and remove nothing.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    keep: int | None,
    releases: bool,
    kept: bool,
    yes: bool,
    dry_run: bool,
    progress: str,
    form: Format,
) -> None:
    """Remove images that are no longer needed.

    Never removes what any environment on the engine runs, what a rollback needs, or the newest releases.
    Prints what is removed, its size and the reason. Freezing a release again builds its images again.
    Snapshots of data are left to `previewer data prune`.
    """
    from previewer.cli.confirmation import confirm
    from previewer.cli.rows.releases import JUDGED_COLUMNS, PRUNED_COLUMNS, pruned_rows
    from previewer.cli.running import running
    from previewer.domain.units import format_memory
    from previewer.operations.prune import describe, plan_prune, prune

    with invocation.open_session() as session:
        plan = plan_prune(session, keep=keep, releases=releases)
        gone, size = plan.removed, plan.bytes
        if not dry_run:
            if gone and not yes:
                confirm(invocation, f"Remove {describe(gone)}, {format_memory(size)}?")
            with running(invocation, session, progress) as run:
                result = prune(run, keep=keep, releases=releases)
            gone, size = result.removed, result.bytes
    staying = plan.kept if kept else ()
    if form is Format.TABLE:
        columns = JUDGED_COLUMNS if kept else PRUNED_COLUMNS
        invocation.output.table(columns, pruned_rows((*gone, *staying)))
    else:
        value: JsonObject = {
            "dry_run": dry_run,
            "removed": pruned_rows(gone),
            "kept": pruned_rows(plan.kept),
            "bytes": size,
        }
        invocation.output.value(value, form)
    done = "would be freed" if dry_run else "freed"
    if gone:
        invocation.diagnostics.note(f"{describe(gone)}, {format_memory(size)} {done}")
    else:
        invocation.diagnostics.note("nothing to remove", "" if kept else "--kept lists what stays, and why")
