"""The root command: global options, the verbs, and the terminal UI where no verb is given."""

from __future__ import annotations

import click

from previewer import __version__
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation
from previewer.cli.options import HELP_NAMES, global_options
from previewer.cli.terminal import is_terminal
from previewer.cli.verbs import VERBS, LazyGroup
from previewer.errors import UsageError

UNADDRESSABLE = ("dumb", "unknown")
"""Types of terminals that have no cursor to move."""


class RootGroup(LazyGroup):
    """The group itself: it opens the terminal UI where no verb is given, and lists the exit codes."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit codes, as a section like the others."""
        del ctx
        with formatter.section("Exit codes"):
            formatter.write_dl([(f"{code.value:>3}", code.meaning) for code in ExitCode])


def _without_verb(ctx: click.Context) -> int | None:
    """Preview environments from frozen images, on the Docker engine you already have.

    Without a command it opens the terminal UI.
    """
    invocation = ctx.find_object(Invocation)
    if ctx.invoked_subcommand is not None or invocation is None:
        return None
    return _open_ui(invocation)


def _open_ui(invocation: Invocation) -> int:
    # Textual draws on standard error.
    if not all(map(is_terminal, (invocation.stdin, invocation.stdout, invocation.stderr))):
        raise UsageError(
            "the terminal UI needs a terminal",
            hint="give a command, such as `previewer ls`; `previewer --help` lists all",
        )
    if invocation.environment.get("TERM") in UNADDRESSABLE:
        raise UsageError(
            f"the terminal UI cannot draw on a terminal of type {invocation.environment['TERM']}",
            hint="set TERM to the terminal's type, such as xterm-256color, or run `previewer ls`",
        )
    from previewer.tui.app import run

    with invocation.open_session() as session:
        return run(session)


root = RootGroup(
    name="previewer",
    verbs=VERBS,
    callback=click.pass_context(_without_verb),
    params=global_options(),
    help=_without_verb.__doc__,
    invoke_without_command=True,
    options_metavar="[OPTIONS]",
    context_settings={"help_option_names": HELP_NAMES},
)
"""The whole command line."""
click.version_option(__version__, message="%(prog)s %(version)s")(root)
