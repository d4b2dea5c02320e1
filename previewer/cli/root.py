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


def _without_verb(ctx: click.Context, *, env_files: tuple[str, ...]) -> int | None:
    """Preview environments from frozen images, on the Docker engine you already have.

    Without a command it opens the terminal UI.
    """
    invocation = ctx.find_object(Invocation)
    if ctx.invoked_subcommand is not None or invocation is None:
        if env_files:
            raise UsageError("here --env-file is for the terminal UI", hint="give it after the command")
        return None
    return _open_ui(invocation, env_files)


def _open_ui(invocation: Invocation, env_files: tuple[str, ...]) -> int:
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
    from previewer.releases.definitions import give_files
    from previewer.tui.app import run

    with invocation.open_session() as session:
        give_files(session, env_files)
        return run(session)


_ENV_FILE = click.Option(
    ["--env-file", "env_files"],
    multiple=True,
    metavar="FILE",
    help="For the terminal UI: variables of this machine.",
)
root = RootGroup(
    name="previewer",
    verbs=VERBS,
    callback=click.pass_context(_without_verb),
    params=[*global_options(), _ENV_FILE],
    help=_without_verb.__doc__,
    invoke_without_command=True,
    options_metavar="[OPTIONS]",
    context_settings={"help_option_names": HELP_NAMES},
)
"""The whole command line."""
click.version_option(__version__, message="%(prog)s %(version)s")(root)
