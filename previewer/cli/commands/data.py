"""``previewer data`` and what stands below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import HELP_NAMES, dry_run_option, global_options, output_option, progress_option, verb
from previewer.cli.terminal import Format
from previewer.cli.verbs import LazyGroup, section

if TYPE_CHECKING:
    from previewer.domain.data.snapshots import Snapshot
    from previewer.session.session import Session

_YES = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


@verb("ls")
@output_option()
@pass_invocation
def ls_command(invocation: Invocation, *, form: Format) -> None:
    """List snapshots, newest first."""
    from previewer.cli.rows.data import listed_row, snapshot_columns
    from previewer.operations.data import list_snapshots

    with invocation.open_session() as session:
        rows = [listed_row(listed) for listed in list_snapshots(session)]
        invocation.output.rows(snapshot_columns(session.clock()), rows, form)
    if not rows and form is Format.TABLE:
        invocation.diagnostics.note("there is no snapshot yet", "docs/data.md says how seeds are declared")


@verb("volumes")
@click.argument("environment", shell_complete=complete_environments)
@output_option()
@pass_invocation
def volumes_command(invocation: Invocation, *, environment: str, form: Format) -> None:
    """Show what the volumes of an environment began with.

    OWN is what was written to each since, without the snapshot below it: the engine counts its files for that.
    """
    from previewer.cli.rows.data import volume_columns, volume_row
    from previewer.operations.data_volumes import list_volumes, own_bytes
    from previewer.records.environments import find_environment

    with invocation.open_session() as session:
        found = find_environment(session, environment)
        volumes = list_volumes(session, found)
        sizes = own_bytes(session, volumes) if volumes else {}
        rows = [volume_row(volume, sizes.get(volume.key)) for volume in volumes]
        invocation.output.rows(volume_columns(session.clock()), rows, form)
    if not rows and form is Format.TABLE:
        invocation.diagnostics.note(f"{found.name} has no volumes")


@verb("snapshot")
@click.argument("environment", shell_complete=complete_environments)
@click.option("--name", metavar="NAME", default="", help="What it is called; one with a name is never pruned.")
@click.option("--mask", is_flag=True, help="Let x-previewer.data.mask take personal data out of it.")
@click.option("--pause", is_flag=True, help="Freeze what writes instead of stopping it: data is as after a crash.")
@dry_run_option()
@progress_option()
@output_option()
@pass_invocation
def snapshot_command(
    invocation: Invocation,
    *,
    environment: str,
    name: str,
    mask: bool,
    pause: bool,
    dry_run: bool,
    progress: str,
    form: Format,
) -> None:
    """Take a snapshot of what an environment stores.

    What writes to its volumes is stopped cleanly for as long as they are copied, and started again. With --pause
    it is frozen meanwhile: shorter by its shutdown and start, and a database then recovers as after a crash.
    """
    from previewer.cli.rows.data import STORED_COLUMNS
    from previewer.cli.running import running
    from previewer.operations.data import stored_volumes, take
    from previewer.records.environments import find_environment

    with invocation.open_session() as session:
        if dry_run:
            found = find_environment(session, environment)
            keys = sorted(volume.key for volume in stored_volumes(session, found))
            invocation.output.rows(STORED_COLUMNS, [{"environment": found.name, "volumes": keys}], form)
            return
        with running(invocation, session, progress) as run:
            snapshot = take(run, environment, name=name, masks=mask, pauses=pause)
        _show(invocation, session, snapshot, form)


@verb("export")
@click.argument("snapshot")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say which snapshot it would be.")
@progress_option()
@output_option()
@pass_invocation
def export_command(
    invocation: Invocation, *, snapshot: str, file: Path, dry_run: bool, progress: str, form: Format
) -> None:
    """Write a snapshot into a file, a tar archive.

    It is compressed where the file's name ends in .gz. SNAPSHOT is a name, an id or from:ENVIRONMENT.
    """
    from previewer.cli.running import running
    from previewer.operations.data import find_snapshot
    from previewer.operations.data_files import export_snapshot

    with invocation.open_session() as session:
        if dry_run:
            _show(invocation, session, find_snapshot(session, snapshot), form)
            return
        with running(invocation, session, progress) as run:
            moved = export_snapshot(run, snapshot, file)
        _show(invocation, session, moved.snapshot, form)


@verb("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--name", metavar="NAME", default="", help="What it is called.")
@dry_run_option()
@progress_option()
@output_option()
@pass_invocation
def import_command(
    invocation: Invocation, *, file: Path, name: str, dry_run: bool, progress: str, form: Format
) -> None:
    """Make a snapshot of a file that `previewer data export` wrote.

    It counts as unmasked data, whatever the file says.
    """
    from previewer.cli.running import running
    from previewer.operations.data_files import import_snapshot, plan_import

    with invocation.open_session() as session:
        if dry_run:
            _show(invocation, session, plan_import(session, file, name=name), form)
            return
        with running(invocation, session, progress) as run:
            moved = import_snapshot(run, file, name=name)
        _show(invocation, session, moved.snapshot, form)


@verb("prune")
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="Keep the newest N of each origin.")
@click.option("--kept", is_flag=True, help="Also print what stays, and why.")
@_YES
@dry_run_option()
@progress_option()
@output_option()
@pass_invocation
def prune_command(
    invocation: Invocation,
    *,
    keep: int | None,
    kept: bool,
    yes: bool,
    dry_run: bool,
    progress: str,
    form: Format,
) -> None:
    """Remove snapshots that nothing uses.

    Never one that an environment or a kept generation runs on, one with a name, or the newest of each origin.
    """
    from previewer.cli.confirmation import confirm
    from previewer.cli.rows.data import PRUNED_COLUMNS, pruned_row
    from previewer.cli.running import running
    from previewer.domain.units import counted
    from previewer.operations.data import plan_prune_data, prune_data

    with invocation.open_session() as session:
        plan = plan_prune_data(session, keep=keep)
        if not dry_run:
            if plan.gone and not yes:
                confirm(invocation, f"Remove {counted(len(plan.gone), 'snapshot')}?")
            with running(invocation, session, progress) as run:
                plan = prune_data(run, keep=keep)
        shown = [verdict for verdict in plan.verdicts if kept or not verdict.keeps]
        invocation.output.rows(PRUNED_COLUMNS, [pruned_row(verdict) for verdict in shown], form)
        if not plan.gone:
            invocation.diagnostics.note("nothing to remove", "" if kept else "--kept lists what stays, and why")


def _show(invocation: Invocation, session: Session, snapshot: Snapshot, form: Format) -> None:
    from previewer.cli.rows.data import snapshot_columns, snapshot_row

    columns = [column for column in snapshot_columns(session.clock()) if column.key != "environments"]
    invocation.output.rows(columns, [snapshot_row(snapshot)], form)


command = LazyGroup(
    name="data",
    help="""Take, move and go back to snapshots of data.

    Snapshots are made by seeds, too: the definition declares them, see docs/data.md.
    """,
    params=global_options(),
    context_settings={"help_option_names": HELP_NAMES},
    no_args_is_help=True,
    verbs=section(
        "Commands",
        {
            "ls": ("List snapshots, newest first.", "data"),
            "volumes": ("Show what the volumes of an environment began with.", "data"),
            "snapshot": ("Take a snapshot of what an environment stores.", "data"),
            "reset": ("Replace an environment by one of the same release with other data.", "data_reset"),
            "clone": ("Give another environment the data that an environment has now.", "data_reset"),
            "export": ("Write a snapshot into a file, a tar archive.", "data"),
            "import": ("Make a snapshot of a file that `previewer data export` wrote.", "data"),
            "prune": ("Remove snapshots that nothing uses.", "data"),
        },
    ),
)
