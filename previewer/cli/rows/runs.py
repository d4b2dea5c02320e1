"""What commands beside environments came to, and how two revisions differ that were asked the same."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.cli.report_text import JunitCase, code_cell, junit_report
from previewer.cli.rows.cells import show_id
from previewer.domain.json_value import JsonObject, JsonValue, as_text
from previewer.domain.units import counted
from previewer.operations.bisect import BisectResult
from previewer.operations.compare import Comparison
from previewer.operations.probe import answers_of
from previewer.operations.run.run import CommandResult
from previewer.present.parity_report import answer_rows
from previewer.present.safe_text import plain
from previewer.present.tables import Column

RUN_COLUMNS = (
    Column("run", "RUN", gives_way=True),
    Column("commit", "COMMIT", show=show_id, spare=1),
    Column("exit_code", "EXIT"),
    Column("seconds", "SECONDS"),
    Column("error", "ERROR", gives_way=True),
    Column("evidence", "EVIDENCE", gives_way=True, spare=2),
)
"""The columns of ``previewer run --matrix``."""


def run_junit(results: Sequence[CommandResult]) -> str:
    """A test case for each."""
    cases = [JunitCase("run", result.title, _failures(result), result.seconds) for result in results]
    return junit_report("previewer run", cases, noun="failure")


def _failures(result: CommandResult) -> list[str]:
    found = [f"the command ended with {result.code}"] if result.code else []
    if result.error is not None:
        found += [str(result.error), *result.error.details]
    return found


def bisect_columns() -> tuple[Column, ...]:
    """The columns of ``previewer bisect``."""
    return (
        Column("commit", "COMMIT", show=show_id),
        Column("verdict", "VERDICT"),
        Column("exit_code", "EXIT"),
        Column("seconds", "SECONDS"),
    )


def bisect_rows(result: BisectResult) -> list[JsonObject]:
    """The steps, and last what was found."""
    steps: list[JsonObject] = [
        {
            "commit": step.commit,
            "verdict": step.verdict.value,
            "exit_code": step.code,
            "seconds": step.seconds,
        }
        for step in result.bisection.steps
    ]
    verdict = "first bad" if result.first_bad is not None else "suspect"
    return [*steps, *({"commit": commit.id, "verdict": verdict} for commit in result.suspects)]


def bisect_value(result: BisectResult) -> JsonObject:
    """All of it."""
    suspects: list[JsonValue] = [
        {"commit": commit.id, "subject": commit.subject, "author": commit.author} for commit in result.suspects
    ]
    return {
        "good": result.bisection.good,
        "bad": result.bisection.bad,
        "first_bad": suspects[0] if result.first_bad is not None else None,
        "suspects": suspects,
        "environments": len(result.bisection.steps) - result.resumed,
        "resumed": result.resumed,
        "steps": [row for row in bisect_rows(result) if "exit_code" in row],
    }


def compare_columns(found: Comparison) -> tuple[Column, ...]:
    """A column for each of the two."""
    return (
        Column("asked", "ASKED", gives_way=True),
        Column("what", "WHAT"),
        Column("left", plain(found.left), gives_way=True),
        Column("right", plain(found.right), gives_way=True),
    )


def compared(found: Comparison) -> list[JsonObject]:
    """A row a difference."""
    output: list[JsonObject] = [
        {"asked": "command", "what": one.what, "left": one.left, "right": one.right} for one in found.differences
    ]
    rows = answer_rows(answers_of(found.probed), every=False)
    return [*output, *({"asked": row["request"], **row} for row in rows)]


def compare_value(found: Comparison) -> JsonObject:
    """All of it."""
    codes: list[JsonValue] = [said.code for said in found.said] if found.said is not None else []
    return {
        "left": found.left,
        "right": found.right,
        "exit_codes": codes,
        "requests": len(found.probed),
        "differs": found.differs,
        "differences": compared(found),
    }


def compare_markdown(found: Comparison) -> list[str]:
    """For the page of a job."""
    rows = compared(found)
    lines = [f"### {code_cell(found.left)} and {code_cell(found.right)}: {counted(len(rows), 'difference')}", ""]
    if rows:
        lines += [f"| asked | what | {code_cell(found.left)} | {code_cell(found.right)} |", "|---|---|---|---|"]
    keys = ("asked", "what", "left", "right")
    return [*lines, *(f"| {' | '.join(code_cell(as_text(row[key])) for key in keys)} |" for row in rows)]


def compare_junit(found: Comparison) -> str:
    """A test case for the command, and one for each request."""
    cases = [JunitCase("compare", "command", [_line(o.what, o.left, o.right) for o in found.differences])]
    cases = cases if found.said is not None else []
    for one in found.probed:
        said = [_line(difference.what, difference.left, difference.right) for difference in one.differences]
        cases.append(JunitCase("probe", str(one.request), said))
    return junit_report("previewer compare", cases, noun="difference")


def _line(what: str, left: str, right: str) -> str:
    return f"{what}: {left or '-'} → {right or '-'}"
