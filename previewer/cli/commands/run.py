"""``previewer run``, and ``__sweep``, which waits beside a run and removes what it leaves when it is killed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_branches
from previewer.cli.exit_codes import ExitCode, exit_code_of
from previewer.cli.inner_command import beside, command_options, command_request, command_verb, lines_of
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import branch_option, definition_options, junit_option, output_option, verb
from previewer.cli.terminal import Format
from previewer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from previewer.domain.compose.definition import ReadingChoice
    from previewer.operations.run.run import CommandResult


@command_verb("run")
@click.argument("revisions", nargs=-1, required=True, metavar="REVISION...", shell_complete=complete_branches)
@click.option("--env", "name", metavar="NAME", help="The environment's name (default: one that no other has).")
@branch_option()
@click.option("--definition", "definitions", multiple=True, metavar="NAME", help="Which definition of the commit.")
@definition_options()
@click.option("--keep-on-failure", "keeps", is_flag=True, help="Let the environment live on if the command fails.")
@click.option("--matrix", is_flag=True, help="Run it beside each revision and definition, several at a time.")
@click.option("--parallel", type=click.IntRange(min=1), default=4, show_default=True, help="How many at a time.")
@junit_option()
@click.option("--post", "posts", is_flag=True, help="Comment on the pull request that the CI job is for.")
@command_options()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    revisions: tuple[str, ...],
    inner: tuple[str, ...],
    name: str | None,
    branch: str | None,
    definitions: tuple[str, ...],
    choice: ReadingChoice,
    keeps: bool,
    matrix: bool,
    parallel: int,
    junit: Path | None,
    posts: bool,
    service: str | None,
    timeout: float | None,
    evidence: Path,
    progress: str,
    form: Format,
) -> int:
    """Run a command beside an environment of its own.

    Freezes REVISION, starts it, waits for its health, runs the command with its URLs (`PREVIEWER_URL`, ...), and
    removes it, whatever happens. Ends with the command's exit code.
    """
    from previewer.operations.run.run import Entry, run_command, run_matrix

    if not matrix and len(revisions) * max(1, len(definitions)) > 1:
        raise UsageError("one environment at a time is run beside", hint="--matrix runs them all")
    request = command_request(
        invocation,
        inner,
        choice=choice,
        service=service,
        timeout=timeout,
        evidence=evidence,
        name=name,
        branch=branch,
        definition=definitions[0] if definitions and not matrix else None,
        keeps_on_failure=keeps,
    )
    with beside(invocation, progress) as (run, sweeper):
        if matrix:
            entries = [Entry(revision, named) for revision in revisions for named in definitions or (None,)]
            results = run_matrix(
                run, entries, request, sweeper=sweeper, parallel=parallel, lines_of=partial(lines_of, run)
            )
        else:
            # Standard output has one kind of data: the command's, or what it came to.
            lines = None if form is Format.TABLE else lines_of(run, revisions[0])
            results = (run_command(run, revisions[0], request, sweeper=sweeper, lines=lines),)
        project = run.session.project
    if posts:
        _post(invocation, project, inner, results)
    return _finish(invocation, results, junit=junit, form=form, is_matrix=matrix)


def _finish(
    invocation: Invocation, results: Sequence[CommandResult], *, junit: Path | None, form: Format, is_matrix: bool
) -> int:
    from previewer.cli.ci.report import write_report
    from previewer.cli.rows.runs import RUN_COLUMNS, run_junit
    from previewer.operations.run.run import result_value

    write_report(junit, lambda: run_junit(results))
    _publish(invocation, results)
    for result in results:
        _tell(invocation, result)
    if is_matrix:
        invocation.output.rows(RUN_COLUMNS, [result_value(result) for result in results], form)
        return ExitCode.FAILED if any(result.has_failed for result in results) else ExitCode.OK
    (result,) = results
    if form is not Format.TABLE:
        invocation.output.value(result_value(result), form)
    if result.error is not None and not result.code:
        return exit_code_of(type(result.error))
    return result.code or ExitCode.OK


def _post(invocation: Invocation, project: str, inner: Sequence[str], results: Sequence[CommandResult]) -> None:
    """One comment for each command that a project's pipeline runs."""
    from hashlib import sha256

    from previewer.cli.ci.report import post
    from previewer.cli.rows.comment import runs_markdown

    command_id = sha256("\0".join(inner).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    post(invocation, f"{project} run {command_id}", runs_markdown(results))


def _publish(invocation: Invocation, results: Sequence[CommandResult]) -> None:
    from previewer.cli.ci.report import publish
    from previewer.cli.rows.comment import runs_markdown

    first = results[0]
    kept = [str(result.evidence) for result in results if result.evidence is not None]
    publish(
        invocation,
        outputs={
            "exit-code": str(first.code) if first.code is not None else None,
            "commit": first.commit or None,
            "evidence": "\n".join(kept),
        },
        summary=runs_markdown(results),
    )


def _tell(invocation: Invocation, result: CommandResult) -> None:
    """What went wrong, and what is left because of it."""
    if result.error is not None:
        invocation.diagnostics.error(result.error)
    if result.evidence is not None:
        invocation.diagnostics.note(f"what is known of the failure of {result.title} is in {result.evidence}")
    if result.is_kept:
        invocation.diagnostics.note(f"{result.environment} is kept", f"previewer down {result.environment}")


@verb("__sweep")
@pass_invocation
def sweep_command(invocation: Invocation) -> None:
    """Remove what a killed run leaves.

    Standard input is the run's end of a pipe.
    """
    from previewer.operations.run.sweeper import await_end, ignore_signals, kill_commands

    ignore_signals()
    orphan = await_end(invocation.stdin)
    if orphan is None:
        return
    from previewer.errors import SourceError
    from previewer.operations.run.temporary import sweep
    from previewer.session.run import Run

    kill_commands(orphan)
    try:
        with invocation.open_session(orphan.environments) as session:
            sweep(Run(session), orphan.process, orphan.environments)
    except SourceError:  # the job's folder was removed with it: labels still say what it had
        invocation.repo = None
        with invocation.open_session(orphan.environments) as session:
            sweep(Run(session), orphan.process, orphan.environments)
