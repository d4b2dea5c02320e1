"""``previewer push``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.output_format import Format


@verb("push")
@click.argument("what", metavar="RELEASE", shell_complete=complete_environments)
@click.argument("where", required=False, metavar="REGISTRY/REPOSITORY")
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation, *, what: str, where: str | None, dry_run: bool, progress: str, form: Format
) -> None:
    """Send a release and its images to a registry.

    RELEASE is a release's id, an environment or a frozen revision. Prints what it is called in the registry:
    REGISTRY/REPOSITORY@sha256:… Another machine can then `previewer pull` and run it, with no build and no clone
    of the repository. Its tag is the first digits of its id; a :TAG behind REPOSITORY is a further one. Without
    REGISTRY/REPOSITORY it goes where the setting `registry` says. What the registry has is not sent again.
    Credentials are those of `docker login`.
    """
    from previewer.cli.plan_printer import print_transfer_plan
    from previewer.cli.rows.transfers import PUSH_COLUMNS, PUSHED_IMAGE_COLUMNS, push_row, pushed_image_rows
    from previewer.cli.running import running
    from previewer.operations.push import plan_push, push

    output = invocation.output
    with invocation.open_session() as session:
        if dry_run:
            print_transfer_plan(output, plan_push(session, what, where), form)
            return
        with running(invocation, session, progress) as run:
            result = push(run, what, where)
    if form is Format.TABLE:
        output.record(PUSH_COLUMNS, push_row(result))
        output.line("")
        output.table(PUSHED_IMAGE_COLUMNS, pushed_image_rows(result))
    else:
        output.value({**push_row(result), "images": pushed_image_rows(result)}, form)
