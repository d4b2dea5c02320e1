"""``previewer down`` and ``prune``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.terminal import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from previewer.domain.environment.ending import Ended, Ends
    from previewer.domain.json_value import JsonObject
    from previewer.operations.down import DownResult
    from previewer.session.session import Session


@verb("down")
@click.argument("environments", nargs=-1, metavar="[ENVIRONMENT]...", shell_complete=complete_environments)
@click.option("--all", "every", is_flag=True, help="All previews of this repository.")
@click.option("--expired", is_flag=True, help="All whose time to live has expired.")
@click.option("--merged", is_flag=True, help="All whose branch is merged into the default branch.")
@click.option("--branch-gone", is_flag=True, help="All whose branch was deleted, here and at every remote.")
@click.option(
    "--role",
    "roles",
    type=click.Choice(["preview", "staging", "production"]),
    multiple=True,
    help="Roles that the four options above may choose; can be repeated (default: preview).",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Print what would be removed, and remove nothing.")
@progress_option()
@output_option()
@pass_invocation
def down_command(
    invocation: Invocation,
    *,
    environments: tuple[str, ...],
    every: bool,
    expired: bool,
    merged: bool,
    branch_gone: bool,
    roles: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    progress: str,
    form: Format,
) -> None:
    """Remove environments with everything that belongs to them.

    Name them, or choose them by options: each adds to the others. Asks before it removes all, or one of
    production; others are removed at once. `status --gone` and `logs --gone` show the records of a removed one.
    """
    from previewer.cli.confirmation import confirm_down
    from previewer.cli.running import running
    from previewer.operations.down import down, find_down_target, plan_down

    ends = _ends(every=every, expired=expired, merged=merged, branch_gone=branch_gone, roles=roles)
    chooses = any((every, expired, merged, branch_gone))
    if bool(environments) == chooses:
        options = "--all, --expired, --merged or --branch-gone"
        raise UsageError(f"name environments, or say {options}", hint="`previewer ls` lists them")
    with invocation.open_session(environments) as session:
        if chooses and not session.is_chosen:
            raise UsageError(
                "this is not a repository: say which project's environments are meant",
                hint=f"--project {session.source.project}; `previewer ls --everywhere` lists all",
            )
        ended = _choose(invocation, session, ends) if chooses else None
        causes = ended.causes if ended is not None else {}
        target = find_down_target(session, environments or tuple(causes), causes=causes)
        if dry_run:
            from previewer.cli.plan_printer import print_plan

            print_plan(invocation.output, plan_down(session, target), form)
            return
        if target.environments and not yes:
            confirm_down(invocation, target.environments, every=every)
        with running(invocation, session, progress) as run:
            result = down(run, target)
    _print(invocation, result, form)
    if chooses and not causes:
        invocation.diagnostics.note(_nothing(ends))


def _ends(*, every: bool, expired: bool, merged: bool, branch_gone: bool, roles: tuple[str, ...]) -> Ends:
    from previewer.domain.compose.definition import Role
    from previewer.domain.environment.ending import Ends

    chosen = frozenset(Role(role) for role in roles) or frozenset({Role.PREVIEW})
    return Ends(
        every=every, expired=expired, abandoned=expired, merged=merged, branch_gone=branch_gone, roles=chosen
    )


def _choose(invocation: Invocation, session: Session, ends: Ends) -> Ended:
    from previewer.domain.progress import Event, Noted
    from previewer.records.environments import find_ended_environments
    from previewer.session.run import Run

    def tell(event: Event) -> None:
        if isinstance(event, Noted):
            invocation.diagnostics.note(event.message, event.hint)

    ended = find_ended_environments(Run(session, tell), ends)
    for name, why in ended.spared.items():
        invocation.diagnostics.note(f"{name} stays: {why}")
    return ended


def _nothing(ends: Ends) -> str:
    """Why nothing was removed."""
    if ends.every:
        return "no environments"
    reasons = (
        ("has expired", ends.expired),
        ("is of a merged branch", ends.merged),
        ("is of a branch that is gone", ends.branch_gone),
    )
    return f"no environment {' or '.join(reason for reason, is_asked in reasons if is_asked)}"


def _print(invocation: Invocation, result: DownResult, form: Format) -> None:
    from previewer.cli.rows.environments import removal_columns, removal_rows
    from previewer.domain.record.tombstone import tombstone_to_json

    rows = removal_rows(result)
    if form is Format.TABLE:
        invocation.output.table(removal_columns(), rows)
    else:
        tombstones = [tombstone_to_json(stone) for stone in result.tombstones]
        invocation.output.value(
            {"environments": rows, "removed": list(result.removed), "tombstones": tombstones}, form
        )


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
def prune_command(
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
