"""``previewer push``, ``pull`` and ``forget``."""

from __future__ import annotations

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, progress_option, verb
from previewer.cli.terminal import Format


@verb("push")
@click.argument("what", metavar="RELEASE", shell_complete=complete_environments)
@click.argument("where", required=False, metavar="REGISTRY/REPOSITORY")
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@progress_option()
@output_option()
@pass_invocation
def push_command(
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


@verb("pull")
@click.argument("what", metavar="RELEASE")
@click.option("--dry-run", is_flag=True, help="Check the release, and keep nothing.")
@progress_option()
@output_option()
@pass_invocation
def pull_command(invocation: Invocation, *, what: str, dry_run: bool, progress: str, form: Format) -> None:
    """Fetch a release and its images from a registry.

    RELEASE is REGISTRY/REPOSITORY@sha256:…, or :RELEASE-ID or another tag behind REPOSITORY; a release's id alone
    (12 digits at least) is looked for where the setting `registry` says. The id is recomputed and every image
    is checked: what does not match is refused. In a clone the release is kept in the repository. Outside of any,
    a place of its own is made for the project: `previewer up --release` runs it there, and `--repo PROJECT` says
    which one is meant where several were pulled.
    """
    from previewer.cli.plan_printer import print_transfer_plan
    from previewer.cli.rows.transfers import PULL_COLUMNS, pull_row
    from previewer.cli.running import running
    from previewer.domain.release.registry_address import parse_address
    from previewer.operations.pull import address_of_release, fetch_release, is_release_id, plan_pull, pull

    if is_release_id(what):
        with invocation.open_session() as session:
            address = address_of_release(session, what)
    else:
        address = parse_address(what)
    fetched = fetch_release(address)
    if dry_run:
        print_transfer_plan(invocation.output, plan_pull(fetched), form)
        return
    with invocation.open_pulled_session(fetched) as session, running(invocation, session, progress) as run:
        result = pull(run, fetched)
    if form is Format.TABLE:
        invocation.output.record(PULL_COLUMNS, pull_row(result))
    else:
        invocation.output.value(pull_row(result), form)


@verb("forget")
@click.argument("name", metavar="PROJECT")
@click.option("--force", is_flag=True, help="Even if it has environments; the engine is not asked.")
@pass_invocation
def forget_command(invocation: Invocation, *, name: str, force: bool) -> None:
    """Forget a project that was pulled to this machine.

    Removes its releases, history and tombstones here; clones, the registry and the engine stay as they are.
    """
    from previewer.operations.pull import forget_project

    folder = forget_project(name, is_forced=force, docker_host=invocation.host, environment=invocation.environment)
    invocation.diagnostics.note(f"{name} is forgotten: {folder} was removed")
