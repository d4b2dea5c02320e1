"""The root command, and the one place where errors become words and codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from previewer import __version__
from previewer.cli.exit_codes import ExitCode, exit_code_of
from previewer.cli.invocation import Invocation, OpenSession
from previewer.cli.options import HELP_NAMES, global_options
from previewer.cli.terminal import HELP_WIDTH, is_terminal, terminal_size
from previewer.cli.verbs import VERBS, LazyGroup
from previewer.domain.engine.machine_limits import machine_error
from previewer.errors import NoRepositoryError, PreviewerError, UsageError

WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
"""What ``TEXTUAL_DRIVER`` is in a process whose terminal is a browser."""
if TYPE_CHECKING:
    from previewer.tui.last_picture import LastPicture

UNADDRESSABLE = ("dumb", "unknown")
"""Types of terminals that have no cursor to move."""


class RootGroup(LazyGroup):
    """The group itself: it opens the terminal UI where no verb is given, and lists the exit codes."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit codes, as a section like the others."""
        del ctx
        with formatter.section("Exit codes"):
            formatter.write_dl([(f"{code.value:>3}", code.meaning) for code in ExitCode])


def _without_verb(ctx: click.Context, *, env_files: tuple[str, ...], port: int | None) -> int | None:
    """Preview environments from frozen images, on the Docker engine you already have.

    Without a command it opens the terminal UI.
    """
    invocation = ctx.find_object(Invocation)
    if ctx.invoked_subcommand is not None or invocation is None:
        if env_files:
            raise UsageError("here --env-file is for the terminal UI", hint="give it after the command")
        if port is not None:
            raise UsageError("--serve is for the terminal UI", hint="give it without a command")
        return None
    return _open_ui(invocation, env_files) if port is None else _serve_ui(invocation, env_files, port)


def _serve_ui(invocation: Invocation, env_files: tuple[str, ...], port: int) -> int:
    """The terminal UI in a browser."""
    try:
        from previewer.tui.serve import serve
    except ModuleNotFoundError as error:
        hint = "install it: pip install 'previewer-environments[serve]'"
        raise UsageError("--serve needs textual-serve", hint=hint) from error
    options = {"--repo": invocation.repo, "--project": invocation.project, "--host": invocation.host}
    given = [part for name, value in options.items() if value is not None for part in (name, value)]
    files = [part for name in env_files for part in ("--env-file", name)]

    def say(url: str) -> None:
        invocation.output.line(url)
        invocation.output.flush()

    return serve([*given, *files], port=port, say=say)


def _open_ui(invocation: Invocation, env_files: tuple[str, ...]) -> int:
    is_in_browser = invocation.environment.get("TEXTUAL_DRIVER") == WEB_DRIVER
    # Textual draws on standard error.
    if not is_in_browser and not all(map(is_terminal, (invocation.stdin, invocation.stdout, invocation.stderr))):
        raise UsageError(
            "the terminal UI needs a terminal",
            hint="give a command, such as `previewer ls`; `previewer --help` lists all",
        )
    if not is_in_browser and invocation.environment.get("TERM") in UNADDRESSABLE:
        raise UsageError(
            f"the terminal UI cannot draw on a terminal of type {invocation.environment['TERM']}",
            hint="set TERM to the terminal's type, such as xterm-256color, or run `previewer ls`",
        )
    from previewer.tui.last_picture import last_picture

    size = terminal_size(invocation.stderr)
    picture = last_picture(invocation.environment, size, invocation.repo, invocation.project, invocation.host)
    is_shown = not is_in_browser and picture.show(invocation.stderr)
    try:
        return _run_ui(invocation, env_files, picture, is_shown=is_shown)
    except BaseException as error:
        if is_shown:
            picture.clear(invocation.stderr)
        is_choice = invocation.repo is None and invocation.project is None
        if not isinstance(error, NoRepositoryError) or not is_choice:
            raise
        from previewer.tui.no_repository import choose_repository

        invocation.repo = choose_repository(error, Path.cwd(), environment=invocation.environment)
        return _open_ui(invocation, env_files) if invocation.repo is not None else 0


def _run_ui(invocation: Invocation, env_files: tuple[str, ...], picture: LastPicture, *, is_shown: bool) -> int:
    from previewer.releases.definitions import give_files
    from previewer.tui.app import run

    with invocation.open_session() as session:
        give_files(session, env_files)
        return run(
            session,
            picture,
            is_picture_shown=is_shown,
            docker_host=invocation.host,
            environment=invocation.environment,
        )


_ENV_FILE = click.Option(
    ["--env-file", "env_files"],
    multiple=True,
    metavar="FILE",
    help="For the terminal UI: variables of this machine.",
)
_SERVE = click.Option(
    ["--serve", "port"],
    is_flag=False,
    flag_value=0,
    type=click.IntRange(0, 65535),
    metavar="[PORT]",
    help="Serve the terminal UI to a browser of this machine, at a URL with a token.",
)
root = RootGroup(
    name="previewer",
    verbs=VERBS,
    callback=click.pass_context(_without_verb),
    params=[*global_options(), _ENV_FILE, _SERVE],
    help=_without_verb.__doc__,
    invoke_without_command=True,
    options_metavar="[OPTIONS]",
    context_settings={"help_option_names": HELP_NAMES},
)
"""The whole command line."""
click.version_option(__version__, message="%(prog)s %(version)s")(root)


PROGRAM = "previewer"
COMPLETION_VARIABLE = "_PREVIEWER_COMPLETE"
"""Set by the shells' completion scripts: ``bash_complete`` and so on."""


def main(
    arguments: Sequence[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    open_session: OpenSession | None = None,
) -> int:
    """Run one command line; the exit code. Tests give a session in memory."""
    environment = os.environ if environment is None else environment
    for stream in (sys.stdout, sys.stderr):
        _accept_any_text(stream)
    invocation = Invocation(
        environment=environment,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        open_session=open_session,
    )
    if instruction := environment.get(COMPLETION_VARIABLE):
        return _complete(instruction, invocation)
    return _guarded(list(sys.argv[1:] if arguments is None else arguments), invocation)


def _guarded(arguments: list[str], invocation: Invocation) -> int:
    try:
        code = _run(arguments, invocation)
        invocation.output.flush()
    except PreviewerError as error:
        if invocation.debug:
            invocation.diagnostics.trace(error)
        invocation.diagnostics.error(error)
        return exit_code_of(type(error))
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else PROGRAM
        invocation.diagnostics.usage(error.format_message(), f"see `{path} --help`")
        return ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        invocation.diagnostics.note("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - what no one expected is told in one line; --debug shows all
        if isinstance(error, BrokenPipeError) and _reader_left(invocation.stdout):
            return ExitCode.OK
        refused = machine_error(error)
        if invocation.debug:
            invocation.diagnostics.trace(error)
        if refused is not None:
            invocation.diagnostics.error(refused)
        else:
            invocation.diagnostics.defect(error)
        return ExitCode.FAILED
    return code


def _run(arguments: list[str], invocation: Invocation) -> int:
    width = min(terminal_size(invocation.stdout)[0], HELP_WIDTH)
    try:
        with root.make_context(PROGRAM, arguments, obj=invocation, terminal_width=width) as context:
            result = root.invoke(context)
    except click.exceptions.Exit as end:  # --help and --version end this way
        return end.exit_code
    return int(result or ExitCode.OK)


def _reader_left(stdout: TextIO) -> bool:
    """Whether the reader of standard output is gone (``| head -1``): then all is well, and no more is printed.

    A broken pipe may also be an engine's: there this is ``False``.
    """
    import select

    try:
        descriptor = stdout.fileno()
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    if not any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0)):
        return False
    # Python flushes once more on its way out: into nothing.
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    return True


def _complete(instruction: str, invocation: Invocation) -> int:
    """Answer a shell that completes. It never says a word about what goes wrong: the user is typing."""
    from click.shell_completion import get_completion_class

    try:
        completion = get_completion_class(instruction.partition("_")[0])
        if completion is None:
            return ExitCode.FAILED
        answer = completion(root, {"obj": invocation}, PROGRAM, COMPLETION_VARIABLE).complete()
        if answer:
            invocation.output.text(answer)
        invocation.stdout.flush()
    except Exception:  # noqa: BLE001 - see above
        return ExitCode.FAILED
    return ExitCode.OK


def _accept_any_text(stream: TextIO) -> None:
    """Escape what the stream's encoding cannot say, instead of failing."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
