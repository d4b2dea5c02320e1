"""``previewer releases``."""

from __future__ import annotations

import click

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format


@verb("releases")
@click.option("--remote", metavar="NAME", help="Ask a git remote which of them it has.")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, remote: str | None, form: Format) -> None:
    """List the frozen releases.

    Newest commit first, with the environments that run each, or were good with it.
    """
    from previewer.cli.rows.releases import listed_columns, listed_row
    from previewer.operations.lists import list_releases

    with invocation.open_session() as session:
        listed = list_releases(session, remote=remote)
        rows = [listed_row(release) for release in listed]
        columns = listed_columns(session.clock(), asks_remote=remote is not None)
        invocation.output.rows(columns, rows, form)
    if any(release.running is None for release in listed):
        invocation.diagnostics.warn("no engine answers: what runs is not known", "previewer doctor")
    if not rows:
        invocation.diagnostics.note("no releases", "`previewer freeze REVISION` makes one")
