"""``previewer completion``, and ``previewer __complete`` for completion scripts of one's own."""

from __future__ import annotations

from pathlib import PurePath

import click

from previewer.cli.completion_values import names_to_complete
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import verb
from previewer.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


@verb("completion")
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@pass_invocation
def command(invocation: Invocation, *, shell: str | None) -> None:
    """Print the completion script of a shell.

    Without SHELL, that of the shell in the SHELL variable. For bash: eval "$(previewer completion bash)"
    """
    from click.shell_completion import get_completion_class

    from previewer.cli.main import COMPLETION_VARIABLE, PROGRAM, root

    name = shell or PurePath(invocation.environment.get("SHELL", "")).name
    if name not in SHELLS:
        raise UsageError(
            f"no completion for the shell {name or '(unknown)'}", hint=f"name one of {', '.join(SHELLS)}"
        )
    script = get_completion_class(name)
    if script is None:
        raise UsageError(f"this version of click knows no completion for {name}")
    invocation.output.text(script(root, {}, PROGRAM, COMPLETION_VARIABLE).source())


@verb("__complete")
@click.argument("kind", type=click.Choice(["branches", "environments"]))
@pass_invocation
def complete_command(invocation: Invocation, *, kind: str) -> None:
    """Print the names that a shell can complete."""
    for name in names_to_complete(invocation, kind):
        invocation.output.line(name)
