"""``previewer watch``."""

from __future__ import annotations

import click

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import verb


@verb("watch")
@click.option("--branches", "patterns", multiple=True, metavar="GLOB", help="Branches to watch; can be repeated.")
@click.option("--remote", metavar="NAME", help="Watch a remote's branches, fetched at each interval.")
@click.option(
    "--interval",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look at the remote and at the engine.",
)
@click.option("--limit", type=click.IntRange(1, 64), metavar="N", help="Environments brought up at the same time.")
@click.option("--once", is_flag=True, help="Bring everything up to date, then end; for cron and CI.")
@click.option("--dry-run", is_flag=True, help="Print what would be done first, and do nothing.")
@click.option(
    "--progress",
    type=click.Choice(["plain", "json", "quiet"]),
    default="plain",
    show_default=True,
    help="How to show progress.",
)
@pass_invocation
def command(
    invocation: Invocation,
    *,
    patterns: tuple[str, ...],
    remote: str | None,
    interval: float,
    limit: int | None,
    once: bool,
    dry_run: bool,
    progress: str,
) -> ExitCode:
    """Keep previews in step with branches.

    Every branch that a GLOB matches gets a preview; a push replaces it, the newest one winning; it goes when the
    branch is merged or deleted, or when it expires. Runs until interrupted, and leaves all up. The setting
    `watch.branches` is used where no GLOB is given.
    """
    from previewer.cli.running import running
    from previewer.operations.watch.watch import WatchOptions, plan_watch, watch

    options = WatchOptions(patterns, remote=remote, interval=interval, once=once, limit=limit)
    with invocation.open_session() as session:
        if dry_run:
            invocation.output.lines(plan_watch(session, options) or ("nothing to do",))
            return ExitCode.OK
        with running(invocation, session, progress) as run:
            result = watch(run, options)
    return ExitCode.FAILED if once and result.failed else ExitCode.OK
