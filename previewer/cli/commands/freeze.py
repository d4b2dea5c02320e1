"""``previewer freeze``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import definition_options, output_option, progress_option, verb
from previewer.cli.terminal import Format

if TYPE_CHECKING:
    from previewer.domain.compose.definition import ReadingChoice


@verb("freeze")
@click.argument("revision", default="HEAD", shell_complete=complete_branches)
@click.option(
    "--from-scratch",
    "--no-cache",
    "from_scratch",
    is_flag=True,
    help="Build every image again, without any cache.",
)
@definition_options()
@click.option("--pull", is_flag=True, help="Pin images again: a tag may have moved since the commit was frozen.")
@click.option("--dry-run", is_flag=True, help="Print what would be pinned and built; do nothing.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    revision: str,
    choice: ReadingChoice,
    from_scratch: bool,
    pull: bool,
    dry_run: bool,
    progress: str,
    form: Format,
) -> None:
    """Build and pin every image of a commit.

    Prints the release. REVISION is a branch, a tag or a commit; without it, HEAD.
    """
    from previewer.cli.rows.releases import artifact_columns, artifact_rows, release_columns, release_row
    from previewer.cli.running import running
    from previewer.operations.freeze import freeze, plan_freeze

    output = invocation.output
    with invocation.open_session() as session:
        if dry_run:
            from previewer.cli.plan_printer import print_freeze_plan

            plan = plan_freeze(session, revision, choice=choice, use_cache=not from_scratch, pins_again=pull)
            print_freeze_plan(output, plan, form)
            return
        with running(invocation, session, progress) as run:
            result = freeze(
                run,
                revision,
                choice=choice,
                use_cache=not from_scratch,
                pins_again=pull,
            )
        head, artifacts = release_row(result.release), artifact_rows(result.release)
        if form is Format.TABLE:
            output.record(release_columns(session.clock()), head)
            output.line("")
            output.table(artifact_columns(), artifacts)
        else:
            output.value({**head, "was_known": result.was_known, "artifacts": artifacts}, form)
