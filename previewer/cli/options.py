"""Options that several commands share, and the command class that gives every verb the global ones."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.examples import EXAMPLES
from previewer.cli.invocation import Invocation
from previewer.cli.terminal import Format

Function = TypeVar("Function", bound=Callable[..., Any])
ENV_FILE_HELP = "An environment file of the commit, or of this machine."
HELP_NAMES = ["-h", "--help"]


def global_options() -> list[click.Parameter]:
    """The options that may stand before or after any verb. A function: click's options belong to one command."""
    return [
        _global(["--repo", "-C"], "repo", metavar="PATH", help="The repository (default: around this folder)."),
        _global(["--project"], "project", metavar="NAME", help="A project, without its repository."),
        _global(["--host"], "host", metavar="URL", help="The Docker engine (default: DOCKER_HOST, context)."),
        _global(["--swarm"], "swarm", is_flag=True, default=None, help="Use the swarm that the engine manages."),
        _global(
            ["--color"],
            "colour",
            type=click.Choice(["auto", "always", "never"]),
            help="When to colour; auto honours NO_COLOR.",
        ),
        _global(
            ["--ci"],
            "ci",
            type=click.Choice(["auto", "github", "gitlab", "generic", "none"]),
            help="Which CI system reads the output (default: as the environment says).",
        ),
        _global(["--debug"], "debug", is_flag=True, default=None, help="Show tracebacks."),
    ]


class VerbCommand(click.Command):
    """A command that takes the global options too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_parameters = list(self.params)
        """Without the global ones."""
        self.params.extend(global_options())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its own options first, the global ones under a heading of theirs."""
        parameters = self.get_params(ctx)
        shared = [p for p in parameters if p not in self.own_parameters and p.name != "help"]
        for title, members in (
            ("Options", [p for p in parameters if p not in shared]),
            ("Global options", shared),
        ):
            options = (parameter for parameter in members if isinstance(parameter, click.Option))
            rows = [row for row in (option.get_help_record(ctx) for option in options) if row]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples to paste."""
        if lines := EXAMPLES.get(ctx.command_path.partition(" ")[2]):
            with formatter.section("Examples"):
                for line in lines:
                    formatter.write_text(line)


def verb(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function the command ``name``; its docstring is the help."""
    return click.command(name, cls=VerbCommand, context_settings={"help_option_names": HELP_NAMES})


def output_option(*, default: Format = Format.TABLE) -> Callable[[Function], Function]:
    """``-o``: how data is printed; the parameter is called ``form``."""
    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice([form.value for form in Format]),
        default=default.value,
        show_default=True,
        callback=lambda _ctx, _parameter, value: Format(value),
        help="How to print the data.",
    )


def report_option(noun: str) -> Callable[[Function], Function]:
    """``-o`` of what continuous integration reports too; ``noun`` is what is printed. A text called ``form``."""
    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice([*(form.value for form in Format), "markdown", "junit"]),
        default=Format.TABLE.value,
        show_default=True,
        help=f"How to print the {noun}.",
    )


def junit_option() -> Callable[[Function], Function]:
    """``--junit``: a file that gets a test report."""
    return click.option(
        "--junit",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write a JUnit report too.",
    )


def renewal_options() -> Callable[[Function], Function]:
    """What ``replace`` and ``update`` take: the environment, and how its next generation is to come up."""
    options = (
        click.argument("environment", shell_complete=complete_environments),
        click.option("--ttl", metavar="TTL", help="How long it lives from now: 90m, 10h, 5d, 1d12h, never."),
        env_file_option(),
        timeout_option(),
        dry_run_option(),
        click.option("-y", "--yes", is_flag=True, help="Replace staging and production without a question."),
        progress_option(),
        output_option(),
    )

    def add(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def env_file_option() -> Callable[[Function], Function]:
    """``--env-file``; the parameter is called ``env_files``."""
    return click.option("--env-file", "env_files", multiple=True, metavar="FILE", help=ENV_FILE_HELP)


def branch_option() -> Callable[[Function], Function]:
    """``--branch``: which branch a commit is of, where nothing else says it."""
    return click.option(
        "--branch", metavar="NAME", help="The branch that the commit is of, in a detached checkout."
    )


def data_option() -> Callable[[Function], Function]:
    """``--data``: what volumes begin with."""
    return click.option(
        "--data",
        metavar="SNAPSHOT",
        help="What volumes are clones of: a snapshot, from:ENVIRONMENT for its newest, or empty (default: seeds).",
    )


def timeout_option() -> Callable[[Function], Function]:
    """``--timeout``: seconds to wait for health."""
    return click.option(
        "--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="How long to wait for health."
    )


def dry_run_option() -> Callable[[Function], Function]:
    """``--dry-run``, of what lets an environment run something else."""
    return click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")


def progress_option() -> Callable[[Function], Function]:
    """``--progress``: how progress is shown on standard error."""
    return click.option(
        "--progress",
        type=click.Choice(["auto", "tty", "plain", "json", "quiet"]),
        default="auto",
        show_default=True,
        help="How to show progress; auto is plain in CI and without a terminal.",
    )


def _global(names: list[str], attribute: str, **settings: Any) -> click.Option:
    def keep(ctx: click.Context, _parameter: click.Parameter, value: object) -> None:
        invocation = ctx.find_object(Invocation)
        if invocation is not None and value is not None:
            setattr(invocation, attribute, value)

    return click.Option([*names, attribute], expose_value=False, callback=keep, **settings)


Decorated = TypeVar("Decorated", bound=Callable[..., Any])
FILES_HELP = "Compose files of the commit, instead of the discovered ones."
PROFILE_HELP = "A profile to switch on."


def definition_options() -> Callable[[Decorated], Decorated]:
    """``-f``, ``--profile``, ``--env-file`` and ``--env-example``: how the definition is read, as ``choice``."""

    def decorate(function: Decorated) -> Decorated:
        @functools.wraps(function)
        def with_choice(
            *args: Any,
            files: tuple[str, ...],
            profiles: tuple[str, ...],
            env_files: tuple[str, ...],
            env_example: bool,
            **options: Any,
        ) -> Any:
            from previewer.domain.compose.definition import ReadingChoice

            choice = ReadingChoice(files, profiles, env_files, env_example)
            return function(*args, choice=choice, **options)

        wrapped: Any = with_choice
        for option in reversed(
            (
                click.option("-f", "--file", "files", multiple=True, metavar="FILE", help=FILES_HELP),
                click.option("--profile", "profiles", multiple=True, metavar="NAME", help=PROFILE_HELP),
                env_file_option(),
                click.option("--env-example", is_flag=True, help="Take .env.example where .env is not committed."),
            )
        ):
            wrapped = option(wrapped)
        return cast("Decorated", wrapped)

    return decorate
