"""``previewer __complete``: for completion scripts of one's own."""

from __future__ import annotations

import click

from previewer.cli.completion_values import names_to_complete
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import verb


@verb("__complete")
@click.argument("kind", type=click.Choice(["branches", "environments"]))
@pass_invocation
def command(invocation: Invocation, *, kind: str) -> None:
    """Print the names that a shell can complete."""
    for name in names_to_complete(invocation, kind):
        invocation.output.line(name)
