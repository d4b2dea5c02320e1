"""``previewer forget``."""

from __future__ import annotations

import click

from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import verb


@verb("forget")
@click.argument("name", metavar="PROJECT")
@click.option("--force", is_flag=True, help="Even if it has environments; the engine is not asked.")
@pass_invocation
def command(invocation: Invocation, *, name: str, force: bool) -> None:
    """Forget a project that was pulled to this machine.

    Removes its releases, history and tombstones here; clones, the registry and the engine stay as they are.
    """
    from previewer.operations.forget import forget_project

    folder = forget_project(name, is_forced=force, docker_host=invocation.host, environment=invocation.environment)
    invocation.diagnostics.note(f"{name} is forgotten: {folder} was removed")
