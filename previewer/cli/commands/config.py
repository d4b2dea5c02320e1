"""``previewer config``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import definition_options, output_option, verb
from previewer.cli.terminal import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from previewer.domain.compose.definition import ReadingChoice
    from previewer.releases.definitions import ReadDefinition


@verb("config")
@click.argument("revision", required=False, shell_complete=complete_branches)
@click.option("--commit", metavar="REVISION", help="The same as REVISION.")
@click.option(
    "--definition", "--role", "name", default="preview", show_default=True, metavar="NAME", help="Which one."
)
@definition_options()
@click.option("-e", "--env", "pairs", multiple=True, metavar="NAME[=VALUE]", help="A variable to interpolate.")
@click.option("--no-policy", is_flag=True, help="Only read: no policy, and every variable of this shell.")
@click.option("--unmasked", is_flag=True, help="Print values of your secret variables, too.")
@click.option("--rewritten", is_flag=True, help="As it would run, isolated from other environments.")
@output_option(default=Format.YAML)
@pass_invocation
def command(
    invocation: Invocation,
    *,
    revision: str | None,
    commit: str | None,
    name: str,
    choice: ReadingChoice,
    pairs: tuple[str, ...],
    no_policy: bool,
    unmasked: bool,
    rewritten: bool,
    form: Format,
) -> None:
    """Print the normalised definition of a commit.

    REVISION is a branch, a tag or a commit; without it, HEAD. Warnings and rewrites go to standard error. Of your
    variables, values of those whose names say that they are secret are masked.
    """
    if form is Format.TABLE:
        raise UsageError("a definition cannot be printed as a table", hint="-o yaml or -o json")
    if revision and commit:
        raise UsageError("say REVISION or --commit, not both")
    from previewer.definition.printing import compose_config_output
    from previewer.domain.compose.references import map_texts
    from previewer.domain.secrecy import redactor, secret_variables
    from previewer.releases.definitions import DefinitionOptions, read_definition

    with invocation.open_session() as session:
        variables = invocation.environment if no_policy else session.settings.allowed_variables
        variables = {**variables, **_variables(pairs, invocation.environment)}
        options = DefinitionOptions(
            name=name,
            choice=choice,
            variables=variables,
            check_policy=not no_policy,
            is_rewritten=rewritten,
        )
        read = read_definition(session, revision or commit or "HEAD", options)
        variables = {**variables, **session.given_values}
    _tell(invocation, read)
    mask = redactor(() if unmasked else secret_variables(read.definition, variables))
    invocation.output.value(map_texts(compose_config_output(read.definition), mask), form)


def _variables(pairs: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """``NAME=VALUE`` as it is, ``NAME`` with the value that this shell has, if it has one."""
    origins: dict[str, str] = {}
    for pair in pairs:
        name, is_set, value = pair.partition("=")
        if not name:
            raise UsageError("a variable needs a name", where=f"--env {pair}")
        if is_set:
            origins[name] = value
        elif name in environment:
            origins[name] = environment[name]
    return origins


def _tell(invocation: Invocation, read: ReadDefinition) -> None:
    for warning in read.definition.warnings:
        invocation.diagnostics.warn(warning)
    for rewrite in read.rewrites:
        deed = "added" if rewrite.before is None else "removed" if rewrite.after is None else "rewritten"
        invocation.diagnostics.note(f"{rewrite.location}: {'.'.join(rewrite.path)} {deed}: {rewrite.reason}")
