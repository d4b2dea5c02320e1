"""``previewer bisect``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from previewer.cli.exit_codes import ExitCode
from previewer.cli.inner_command import beside, command_options, command_request, command_verb, lines_of
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import definition_options, output_option
from previewer.cli.terminal import Format

if TYPE_CHECKING:
    from previewer.domain.compose.definition import ReadingChoice
    from previewer.operations.bisect import BisectResult


@command_verb("bisect")
@click.argument("span", metavar="GOOD..BAD")
@click.option("--definition", metavar="NAME", help="Which definition of the commits.")
@definition_options()
@click.option(
    "--broken",
    type=click.Choice(["skip", "bad"]),
    default="skip",
    show_default=True,
    help="What a commit counts as that does not come up.",
)
@click.option("--fresh", is_flag=True, help="Begin again, whatever is known from before.")
@command_options()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    span: str,
    inner: tuple[str, ...],
    definition: str | None,
    choice: ReadingChoice,
    broken: str,
    fresh: bool,
    service: str | None,
    timeout: float | None,
    evidence: Path,
    progress: str,
    form: Format,
) -> ExitCode:
    """Find the commit that broke something.

    Brings up commits between GOOD and BAD and runs the command beside each: exit code 0 says that it is good, 125
    that it cannot be tested, any other that it is bad. An interrupted one goes on when it is called again.
    """
    from previewer.operations.bisect import bisect

    request = command_request(
        invocation,
        inner,
        choice=choice,
        service=service,
        timeout=timeout,
        evidence=evidence,
        definition=definition,
    )
    with beside(invocation, progress) as (run, sweeper):
        result = bisect(
            run,
            span,
            request,
            sweeper=sweeper,
            lines_of=partial(lines_of, run),
            is_fresh=fresh,
            broken_is_bad=broken == "bad",
        )
    return _show(invocation, result, form)


def _show(invocation: Invocation, result: BisectResult, form: Format) -> ExitCode:
    from previewer.cli.rows.runs import bisect_columns, bisect_rows, bisect_value
    from previewer.domain.units import counted

    if form is Format.TABLE:
        invocation.output.table(bisect_columns(), bisect_rows(result))
    else:
        invocation.output.value(bisect_value(result), form)
    if (culprit := result.first_bad) is not None:
        invocation.diagnostics.note(
            f"the first bad commit is {culprit.short}: {culprit.subject}", f"git show {culprit.short}"
        )
        return ExitCode.OK
    count = counted(len(result.suspects), "commit")
    invocation.diagnostics.warn(f"one of {count} is the first bad one: those between could not be tested")
    return ExitCode.FAILED
