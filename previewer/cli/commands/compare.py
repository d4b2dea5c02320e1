"""``previewer compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.inner_command import beside, command_request, command_verb, time_limit_option
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import data_option, definition_options, junit_option, output_option, progress_option
from previewer.cli.terminal import Format

if TYPE_CHECKING:
    from previewer.domain.compose.definition import ReadingChoice
    from previewer.operations.compare import Comparison


@command_verb("compare")
@click.argument("left", shell_complete=complete_branches)
@click.argument("right", shell_complete=complete_branches)
@click.option(
    "--probe", "probes", is_flag=True, help="Send the declared requests to both and compare the answers."
)
@click.option("--definition", metavar="NAME", help="Which definition of the commits.")
@definition_options()
@data_option()
@time_limit_option()
@click.option("--exit-code", is_flag=True, help="End with 3 where a difference was found.")
@junit_option()
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    left: str,
    right: str,
    inner: tuple[str, ...],
    probes: bool,
    definition: str | None,
    choice: ReadingChoice,
    data: str | None,
    timeout: float | None,
    exit_code: bool,
    junit: Path | None,
    progress: str,
    form: Format,
) -> ExitCode:
    """Bring two revisions up and ask both the same.

    Runs the command beside each, or sends the requests that the definition declares, prints how they differ, and
    removes both. URLs, names and commits in the command's output are no differences.
    """
    from previewer.operations.compare import compare_revisions

    request = command_request(
        invocation, inner, choice=choice, data=data or "", definition=definition, timeout=timeout
    )
    with beside(invocation, progress) as (run, sweeper):
        found = compare_revisions(run, left, right, request, sweeper=sweeper, probes=probes)
    _show(invocation, found, form, junit)
    return ExitCode.DIFFERENCE if exit_code and found.differs else ExitCode.OK


def _show(invocation: Invocation, found: Comparison, form: Format, junit: Path | None) -> None:
    from previewer.cli.ci.report import publish, write_report
    from previewer.cli.rows.runs import (
        compare_columns,
        compare_junit,
        compare_markdown,
        compare_value,
        compared,
    )
    from previewer.domain.units import counted

    write_report(junit, lambda: compare_junit(found))
    publish(invocation, summary=compare_markdown(found))
    rows = compared(found)
    if form is Format.TABLE:
        invocation.output.table(compare_columns(found), rows)
    else:
        invocation.output.value(compare_value(found), form)
    invocation.diagnostics.note(f"{found.left} and {found.right}: {counted(len(rows), 'difference')}")
