"""``previewer diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.terminal import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from previewer.domain.json_value import JsonObject


@verb("diff")
@click.argument("old", shell_complete=complete_branches)
@click.argument("new", default="HEAD", shell_complete=complete_branches)
@click.option("--exit-code", is_flag=True, help="End with 3 if anything differs.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request or a changelog.")
@output_option()
@pass_invocation
def command(
    invocation: Invocation, *, old: str, new: str, exit_code: bool, markdown: bool, form: Format
) -> ExitCode:
    """Show what changed from one release to another.

    Commits, files, images, packages, and the values of definitions.

    OLD and NEW are each a release's id, a revision that was frozen, or an environment; without NEW it is HEAD.
    """
    if markdown and form is not Format.TABLE:
        raise UsageError("--markdown and --output are one or the other")
    from previewer.cli.rows.diff import difference_value
    from previewer.operations.diff import diff

    with invocation.open_session() as session:
        found = diff(session, old, new)
    value = difference_value(found)
    if form is not Format.TABLE:
        invocation.output.value(value, form)
    elif markdown:
        from previewer.cli.rows.diff import diff_markdown

        invocation.output.lines(diff_markdown(value))
    else:
        _print(invocation, value)
    if found.is_empty:
        invocation.diagnostics.note("nothing differs")
    if not found.has_commits:
        invocation.diagnostics.warn("commits and files are not known", "fetch them: git fetch --all --tags")
    if found.content.unknown:
        names = ", ".join(found.content.unknown)
        invocation.diagnostics.warn(
            f"packages are not known of {names}", "`previewer freeze` of both commits lists them"
        )
    return ExitCode.DIFFERENCE if exit_code and not found.is_empty else ExitCode.OK


def _print(invocation: Invocation, value: JsonObject) -> None:
    """Each part that has something, below its title."""
    from previewer.cli.rows.diff import SECTIONS
    from previewer.domain.json_value import as_list, as_object

    is_first = True
    for key, title, columns in SECTIONS:
        rows = [as_object(row) for row in as_list(value[key])]
        if rows:
            if not is_first:
                invocation.output.line("")
            invocation.output.line(f"{title} ({len(rows)})")
            invocation.output.table(columns, rows)
            is_first = False
