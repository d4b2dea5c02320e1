"""Verbs that run a command of the user's: ``previewer VERB … -- COMMAND…``, each with a sweeper beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from previewer.cli.invocation import Invocation
from previewer.cli.options import HELP_NAMES, VerbCommand, progress_option

if TYPE_CHECKING:
    from previewer.domain.compose.definition import ReadingChoice
    from previewer.operations.run.command import Lines
    from previewer.operations.run.run import CommandRequest
    from previewer.operations.run.sweeper import Sweeper
    from previewer.session.run import Run

Function = TypeVar("Function", bound=Callable[..., Any])
EVIDENCE = "previewer-evidence"


class InnerCommand(VerbCommand):
    """A command whose own arguments end at ``--``; what follows is its parameter ``inner``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what follows the first ``--`` from being read."""
        end = args.index("--") if "--" in args else len(args)
        rest = super().parse_args(ctx, args[:end])
        ctx.params["inner"] = tuple(args[end + 1 :])
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """As its help shows it."""
        return [*super().collect_usage_pieces(ctx), "-- COMMAND..."]


def command_verb(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function the command ``name``, which runs a command of the user's; its docstring is the help."""
    return click.command(name, cls=InnerCommand, context_settings={"help_option_names": HELP_NAMES})


def time_limit_option() -> Callable[[Function], Function]:
    """``--timeout``: seconds for an environment and its command together."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="How long an environment may take, with its command.",
    )


def command_options() -> Callable[[Function], Function]:
    """What all of them take. Parameters: ``service``, ``timeout``, ``evidence``, ``progress``."""
    options = (
        click.option("--in", "service", metavar="SERVICE", help="Run it in a disposable copy of a service."),
        time_limit_option(),
        click.option(
            "--evidence",
            type=click.Path(file_okay=False, path_type=Path),
            default=EVIDENCE,
            show_default=True,
            metavar="FOLDER",
            help="Where what is known of a failure is kept.",
        ),
        progress_option(),
    )

    def add(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def command_request(
    invocation: Invocation,
    inner: tuple[str, ...],
    *,
    choice: ReadingChoice,
    timeout: float | None,
    service: str | None = None,
    evidence: Path | None = None,
    name: str | None = None,
    branch: str | None = None,
    definition: str | None = None,
    data: str = "",
    keeps_on_failure: bool = False,
) -> CommandRequest:
    """What the options say."""
    from previewer.cli.terminal import is_terminal
    from previewer.domain.deploy.request import DeployRequest
    from previewer.operations.run.run import CommandRequest

    return CommandRequest(
        command=inner,
        variables=invocation.environment,
        deploy=DeployRequest(branch=branch, name=name, definition=definition, choice=choice, data=data),
        service=service,
        timeout=timeout,
        keeps_on_failure=keeps_on_failure,
        evidence=evidence.absolute() if evidence is not None else None,
        has_terminal=is_terminal(invocation.stdin) and is_terminal(invocation.stdout),
    )


@contextmanager
def beside(invocation: Invocation, progress: str) -> Iterator[tuple[Run, Sweeper]]:
    """A run, and a sweeper for what is made inside the block; what killed runs left is removed first."""
    from previewer.cli.running import running
    from previewer.operations.run.sweeper import Sweeper
    from previewer.operations.run.temporary import remove_abandoned

    with invocation.open_session() as session, running(invocation, session, progress) as run:
        arguments = ["--repo", session.source.location]
        if invocation.host is not None:
            arguments += ["--host", invocation.host]
        with Sweeper(arguments, invocation.environment) as sweeper:
            remove_abandoned(run)
            yield run, sweeper


def lines_of(run: Run, title: str) -> Lines:
    """Where the lines of a command's output go: to the run's events, as the output of a task."""
    from previewer.domain.progress import TaskOutput

    return lambda line: run.report(TaskOutput(title, line))
