"""``previewer init``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import env_file_option, output_option, progress_option, timeout_option, verb
from previewer.cli.terminal import Format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from previewer.domain.json_value import JsonObject
    from previewer.operations.init import InitPlan
    from previewer.session.session import Session


@verb("init")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE",
    help="Begin with this Compose file (several change each other) or Dockerfile (several run together) of HEAD.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
@click.option("--check", is_flag=True, help="Say whether HEAD would run with what is missing, and write nothing.")
@click.option("--try", "tries", is_flag=True, help="Prove it first: run it, ask for its page, remove it again.")
@click.option("--branch", metavar="NAME", help="Commit it upon HEAD as this new branch; no file is written.")
@env_file_option()
@timeout_option()
@progress_option()
@output_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    sources: tuple[str, ...],
    dry_run: bool,
    check: bool,
    tries: bool,
    branch: str | None,
    env_files: tuple[str, ...],
    timeout: float | None,
    progress: str,
    form: Format,
) -> ExitCode:
    """Write environment definitions to start from.

    They are made from what HEAD has: a Compose file or a Dockerfile (with a Procfile), at the root or in a folder,
    and the keys of x-previewer that it needs to run. Where there are several, --from says which; a terminal is
    asked. No file is ever overwritten. --check ends with 1 where something would keep it from running; with --try
    nothing is written unless it ran, and nothing is left of the trial. `--ci github` and `--ci gitlab` write a
    pipeline for that system instead.
    """
    from previewer.cli.rows.project import FILE_COLUMNS, print_checks
    from previewer.releases.definitions import give_files

    with invocation.open_session() as session:
        if (pipeline := _pipeline(invocation.ci)) is not None and not (check or tries):
            path, text = pipeline
            invocation.output.rows(FILE_COLUMNS, _write(session, {path: text}, dry_run=dry_run), form)
            return ExitCode.OK
        give_files(session, env_files)
        plan = _plan(invocation, session, sources)
        if check:
            from previewer.operations.init import check_init

            return print_checks(invocation, check_init(session, plan), form)
        if (
            tries
            and (code := _try(invocation, session, plan, env_files, timeout, progress, form)) is not ExitCode.OK
        ):
            return code
        if branch is not None and not dry_run:
            rows = _commit(invocation, session, plan.files, branch)
        else:
            rows = _write(session, plan.files, dry_run=dry_run)
    if not tries or form is Format.TABLE:
        invocation.output.rows(FILE_COLUMNS, rows, form)
    _note(invocation, plan, tries=tries, has_rows=bool(rows), dry_run=dry_run or branch is not None)
    return ExitCode.OK


def _write(session: Session, files: Mapping[str, str], *, dry_run: bool) -> tuple[JsonObject, ...]:
    """What became of the files, or would."""
    from pathlib import Path

    from previewer.cli.rows.project import file_rows
    from previewer.operations.init import write_init

    if dry_run:
        return file_rows(written=(), kept=(), planned=tuple(files))
    result = write_init(Path(session.source.location), files)
    return file_rows(written=result.written, kept=result.kept, planned=())


def _commit(
    invocation: Invocation, session: Session, files: Mapping[str, str], branch: str
) -> tuple[JsonObject, ...]:
    from previewer.cli.rows.project import file_rows
    from previewer.operations.init import commit_init

    made = commit_init(session, files, branch)
    invocation.diagnostics.note(f"{made.commit[:12]} is on the new branch {branch}", f"previewer up {branch}")
    return file_rows(written=made.files, kept=(), planned=())


def _note(invocation: Invocation, plan: InitPlan, *, tries: bool, has_rows: bool, dry_run: bool) -> None:
    """What is in the files and what to do next."""
    if plan.missing:
        invocation.diagnostics.note("HEAD has nothing that could run: the files hold an example", plan.missing)
    for each in plan.proposals.checks if not tries else ():
        invocation.diagnostics.note(each.detail, each.hint)
    if not has_rows:
        invocation.diagnostics.note("HEAD has all of the definitions already")
    elif not dry_run:
        invocation.diagnostics.note("commit what is new: previewer reads only what is committed")


def _pipeline(system: str) -> tuple[str, str] | None:
    """The file that a CI system reads, by its path and with its text; ``None`` where none was asked for."""
    from importlib.resources import files

    paths = {"github": ".github/workflows/preview.yml", "gitlab": ".gitlab/previewer.gitlab-ci.yml"}
    if system not in paths:
        return None
    template = files("previewer.cli.ci") / "templates" / f"{system}.yml"
    return paths[system], template.read_text(encoding="utf-8")


def _try(
    invocation: Invocation,
    session: Session,
    plan: InitPlan,
    env_files: tuple[str, ...],
    timeout: float | None,
    progress: str,
    form: Format,
) -> ExitCode:
    from previewer.cli.rows.project import print_checks
    from previewer.cli.running import running
    from previewer.operations.try_definition import try_definition

    with running(invocation, session, progress) as run:
        checks = try_definition(
            run,
            plan.files,
            docker_host=invocation.host,
            environment=invocation.environment,
            timeout=timeout,
            env_files=env_files,
        )
    code = print_checks(invocation, (*plan.proposals.checks, *checks), form)
    if code is not ExitCode.OK:
        invocation.diagnostics.note("nothing was written", "`previewer init` writes it all the same")
    return code


def _plan(invocation: Invocation, session: Session, sources: tuple[str, ...]) -> InitPlan:
    from previewer.errors import UsageError
    from previewer.operations.init import ManySourcesError, plan_init

    try:
        return plan_init(session, sources)
    except ManySourcesError as error:
        if not invocation.can_ask:
            raise
        for number, source in enumerate(error.sources, start=1):
            invocation.diagnostics.note(f"{number}  {source}")
        answer = invocation.ask(f"Which one is to be previewed? [1-{len(error.sources)}]")
        if not answer.isdecimal() or not 0 < int(answer) <= len(error.sources):
            raise UsageError(f"{answer!r} is none of them", hint=error.hint) from error
        return plan_init(session, (error.sources[int(answer) - 1],))
