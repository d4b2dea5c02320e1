"""``previewer releases``."""

from __future__ import annotations

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format


@verb("releases")
@output_option()
@pass_invocation
def command(invocation: Invocation, *, form: Format) -> None:
    """List the frozen releases.

    Newest commit first.
    """
    from previewer.cli.rows.releases import release_columns, release_row
    from previewer.operations.releases import list_releases

    with invocation.open_session() as session:
        rows = [release_row(release) for release in list_releases(session)]
        invocation.output.rows(release_columns(session.clock()), rows, form)
    if not rows:
        invocation.diagnostics.note("no releases", "`previewer freeze REVISION` makes one")
