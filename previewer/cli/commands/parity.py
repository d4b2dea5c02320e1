"""``previewer parity``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from previewer.cli.completion_values import complete_environments
from previewer.cli.exit_codes import ExitCode
from previewer.cli.invocation import Invocation, pass_invocation
from previewer.cli.options import junit_option, report_option, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from previewer.domain.parity.compare import Parity
    from previewer.domain.secrecy import Secrecy
    from previewer.operations.probe import Probed
    from previewer.session.session import Session


@verb("parity")
@click.argument("left", required=False, shell_complete=complete_environments)
@click.argument("right", required=False, shell_complete=complete_environments)
@click.option(
    "--probe", "probes", is_flag=True, help="Send the declared requests to both and compare the answers."
)
@click.option("--undeclared", is_flag=True, help="Leave out what an allow-list declares.")
@click.option("--same", is_flag=True, help="Print what both have alike, too.")
@click.option("--exit-code", is_flag=True, help="End with 3 where an undeclared difference was found.")
@click.option(
    "--declare", "declared", metavar="PATH", help="Print the patch that declares the difference at PATH as meant."
)
@click.option("--reason", default="", help="Why it is meant, for --declare.")
@click.option("--commit-to", metavar="BRANCH", help="Commit what --declare says to a branch instead.")
@report_option("differences")
@junit_option()
@pass_invocation
def command(
    invocation: Invocation,
    *,
    left: str | None,
    right: str | None,
    probes: bool,
    undeclared: bool,
    same: bool,
    exit_code: bool,
    declared: str | None,
    reason: str,
    commit_to: str | None,
    form: str,
    junit: Path | None,
) -> ExitCode:
    """Compare two environments side by side.

    LEFT and RIGHT are environments, REVISION:DEFINITION or RELEASE:DEFINITION; without them, staging and
    production are compared. Differences that `x-previewer.parity.allow` declares are kept apart from others;
    `--declare` adds to that list, on the default branch or upon it.
    """
    from previewer.deployment.definition import new_secrecy
    from previewer.operations.parity import compare
    from previewer.operations.probe import probe

    with invocation.open_session() as session:
        parity = compare(session, left, right)
        if declared is not None:
            return _declare(invocation, session, parity, declared, reason=reason, branch=commit_to)
        probed = probe(session, parity.left, parity.right) if probes else ()
        secrecy = new_secrecy(session)
    _report(invocation, parity, probed, secrecy, junit)
    _print(invocation, parity, probed, secrecy, form=form, only_undeclared=undeclared, same=same)
    differs = bool(parity.undeclared) or any(one.differences for one in probed)
    return ExitCode.DIFFERENCE if exit_code and differs else ExitCode.OK


def _declare(
    invocation: Invocation, session: Session, parity: Parity, path: str, *, reason: str, branch: str | None
) -> ExitCode:
    from previewer.operations.declare import commit_declaration, find_difference, plan_declaration
    from previewer.session.run import Run

    difference = find_difference(parity, path)
    planned = plan_declaration(session, parity, difference, reason=reason, branch=branch or "")
    if branch is None:
        invocation.output.text(planned.patch)
    else:
        invocation.output.line(commit_declaration(Run(session), planned).id)
        invocation.diagnostics.note(f"{planned.branch} declares it: merged, it counts from the next deployment on")
    return ExitCode.OK


def _report(
    invocation: Invocation, parity: Parity, probed: Sequence[Probed], secrecy: Secrecy, junit: Path | None
) -> None:
    from previewer.cli.ci.report import publish, write_report
    from previewer.cli.rows.parity import parity_junit
    from previewer.operations.probe import answers_of
    from previewer.present.parity_report import parity_markdown

    write_report(junit, lambda: parity_junit(parity, probed, secrecy))
    outputs = {"score": str(parity.score), "undeclared": str(len(parity.undeclared))}
    publish(invocation, outputs=outputs, summary=list(parity_markdown(parity, answers_of(probed), secrecy)))


def _print(
    invocation: Invocation,
    parity: Parity,
    probed: Sequence[Probed],
    secrecy: Secrecy,
    *,
    form: str,
    only_undeclared: bool,
    same: bool,
) -> None:
    from previewer.cli.rows.parity import difference_columns, parity_junit, probe_columns, same_columns
    from previewer.cli.terminal import Format
    from previewer.operations.probe import answers_of
    from previewer.present.parity_report import (
        answer_rows,
        difference_row,
        parity_markdown,
        parity_value,
        same_row,
    )

    output, answers = invocation.output, answers_of(probed)
    if form == "markdown":
        output.lines(parity_markdown(parity, answers, secrecy))
    elif form == "junit":
        output.text(parity_junit(parity, probed, secrecy))
    elif form != "table":
        output.value(parity_value(parity, answers, secrecy), Format(form))
    else:
        shown = parity.undeclared if only_undeclared else parity.differences
        output.table(difference_columns(parity), [difference_row(difference, secrecy) for difference in shown])
        if rows := answer_rows(answers, every=False):
            output.line("")
            output.table(probe_columns(parity), rows)
        if same:
            output.line("")
            output.table(same_columns(), [same_row(fact, secrecy) for fact in parity.same])
        _summarise(invocation, parity, probed)


def _summarise(invocation: Invocation, parity: Parity, probed: Sequence[Probed]) -> None:
    from previewer.domain.units import counted

    counts = f"{len(parity.undeclared)} undeclared, {len(parity.declared)} declared"
    invocation.diagnostics.note(
        f"{parity.left.name} and {parity.right.name}: parity {parity.score} % ({counts} of {parity.facts} facts)"
    )
    for side in (parity.left, parity.right):
        if side.data:
            invocation.diagnostics.note(f"{side.name}'s data is {'; '.join(side.data)}")
    if probed:
        differing = sum(1 for one in probed if one.differences)
        invocation.diagnostics.note(
            f"{counted(len(probed), 'request')} sent to both: {differing} answered differently"
        )
    for one in probed:
        if one.left.error and one.right.error:
            invocation.diagnostics.warn(f"neither side answers {one.request}: {one.left.error}")
    for entry in parity.stale:
        invocation.diagnostics.warn(
            f"{entry.origin} allows {entry.path}, which does not differ", "remove it from x-previewer.parity.allow"
        )
