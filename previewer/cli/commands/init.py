"""``previewer init``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import output_option, verb
from previewer.cli.output_format import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from previewer.domain.commit.files import FileTree
    from previewer.session.session import Session


@verb("init")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE",
    help="Begin with this Compose file or Dockerfile of HEAD; several Compose files change each other.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
@click.option("--check", is_flag=True, help="Say whether HEAD would run with what is missing, and write nothing.")
@output_option()
@pass_invocation
def command(
    invocation: Invocation, *, sources: tuple[str, ...], dry_run: bool, check: bool, form: Format
) -> ExitCode:
    """Write environment definitions to start from.

    They are made from what HEAD has: a Compose file or a Dockerfile, at the root or in a folder. Where there are
    several, --from says which; a terminal is asked. No file is ever overwritten. --check ends with 1 where
    something would keep it from running.
    """
    from pathlib import Path

    from previewer.cli.rows.project import FILE_COLUMNS, file_rows, print_checks
    from previewer.operations.init import write_init

    with invocation.open_session() as session:
        files = _plan(invocation, _tree(session), sources)
        if check:
            from previewer.deployment.would_run import would_run

            resolved = session.source.resolve("HEAD")
            return print_checks(invocation, would_run(session, resolved, _tree(session).with_files(files)), form)
        root = Path(session.source.location)
        if dry_run:
            rows = file_rows(written=(), kept=(), planned=tuple(files))
        else:
            result = write_init(root, files)
            rows = file_rows(written=result.written, kept=result.kept, planned=())
    invocation.output.rows(FILE_COLUMNS, rows, form)
    if not rows:
        invocation.diagnostics.note("HEAD has all of the definitions already")
    elif not dry_run:
        invocation.diagnostics.note("commit what is new: previewer reads only what is committed")
    return ExitCode.OK


def _plan(invocation: Invocation, tree: FileTree, sources: tuple[str, ...]) -> Mapping[str, str]:
    from previewer.errors import UsageError
    from previewer.operations.init import ManySourcesError, plan_init

    try:
        return plan_init(tree, sources)
    except ManySourcesError as error:
        if not invocation.can_ask:
            raise
        for number, source in enumerate(error.sources, start=1):
            invocation.diagnostics.note(f"{number}  {source}")
        answer = invocation.ask(f"Which one is to be previewed? [1-{len(error.sources)}]")
        if not answer.isdecimal() or not 0 < int(answer) <= len(error.sources):
            raise UsageError(f"{answer!r} is none of them", hint=error.hint) from error
        return plan_init(tree, (error.sources[int(answer) - 1],))


def _tree(session: Session) -> FileTree:
    """The files of HEAD; none in a repository without a commit."""
    from previewer.domain.commit.files import FileTree
    from previewer.errors import NotFoundError

    try:
        commit = session.source.resolve("HEAD").commit
    except NotFoundError:
        return FileTree((), lambda _object_id: b"")
    return session.source.tree(commit.id)
