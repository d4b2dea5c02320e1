"""What commands beside environments came to: as a table, and as a test report."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.cli.report_text import JunitCase, junit_report
from previewer.cli.rows.cells import show_id
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.operations.bisect import BisectResult
from previewer.operations.run.run import CommandResult
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
