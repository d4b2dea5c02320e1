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


@verb("parity")
@click.argument("left", required=False, shell_complete=complete_environments)
@click.argument("right", required=False, shell_complete=complete_environments)
@click.option(
    "--probe", "probes", is_flag=True, help="Send the declared requests to both and compare the answers."
)
@click.option("--undeclared", is_flag=True, help="Leave out what an allow-list declares.")
@click.option("--exit-code", is_flag=True, help="End with 3 where an undeclared difference was found.")
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
    exit_code: bool,
    form: str,
    junit: Path | None,
) -> ExitCode:
    """Compare two environments side by side.

    LEFT and RIGHT are environments, REVISION:DEFINITION or RELEASE:DEFINITION; without them, staging and
    production are compared. Differences that `x-previewer.parity.allow` declares are kept apart from others.
    """
    from previewer.deployment.definition import new_secrecy
    from previewer.operations.parity import compare
    from previewer.operations.probe import probe

    with invocation.open_session() as session:
        parity = compare(session, left, right)
        probed = probe(session, parity.left, parity.right) if probes else ()
        secrecy = new_secrecy(session)
    _report(invocation, parity, probed, secrecy, junit)
    _print(invocation, parity, probed, secrecy, form=form, only_undeclared=undeclared)
    differs = bool(parity.undeclared) or any(one.differences for one in probed)
    return ExitCode.DIFFERENCE if exit_code and differs else ExitCode.OK


def _report(
    invocation: Invocation, parity: Parity, probed: Sequence[Probed], secrecy: Secrecy, junit: Path | None
) -> None:
    from previewer.cli.ci.report import publish, write_report
    from previewer.cli.rows.parity import parity_junit
    from previewer.present.parity_report import parity_markdown

    write_report(junit, lambda: parity_junit(parity, probed, secrecy))
    answers = {str(one.request): one.differences for one in probed}
    outputs = {"score": str(parity.score), "undeclared": str(len(parity.undeclared))}
    publish(invocation, outputs=outputs, summary=list(parity_markdown(parity, answers, secrecy)))


def _print(
    invocation: Invocation,
    parity: Parity,
    probed: Sequence[Probed],
    secrecy: Secrecy,
    *,
    form: str,
    only_undeclared: bool,
) -> None:
    from previewer.cli.rows.parity import difference_columns, parity_junit, probe_columns, probe_rows
    from previewer.cli.terminal import Format
    from previewer.present.parity_report import difference_row, parity_markdown, parity_value

    output = invocation.output
    if form == "markdown":
        output.lines(parity_markdown(parity, {str(one.request): one.differences for one in probed}, secrecy))
    elif form == "junit":
        output.text(parity_junit(parity, probed, secrecy))
    elif form != "table":
        output.value({**parity_value(parity, secrecy), "probes": probe_rows(probed, every=True)}, Format(form))
    else:
        shown = parity.undeclared if only_undeclared else parity.differences
        output.table(difference_columns(parity), [difference_row(difference, secrecy) for difference in shown])
        if rows := probe_rows(probed, every=False):
            output.line("")
            output.table(probe_columns(parity), rows)
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
