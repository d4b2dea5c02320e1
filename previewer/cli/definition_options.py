"""Options that say how a commit's definition is read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from previewer.cli.options import env_file_option

Function = TypeVar("Function", bound=Callable[..., Any])
FILES_HELP = "Compose files of the commit, instead of the discovered ones."
PROFILE_HELP = "A profile to switch on."


def definition_options() -> Callable[[Function], Function]:
    """``-f``, ``--profile``, ``--env-file`` and ``--env-example``: how the definition is read, as ``choice``."""

    def decorate(function: Function) -> Function:
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
        return cast("Function", wrapped)

    return decorate
