"""What commands beside environments came to: as a table, and as a test report."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.cli.report_text import JunitCase, junit_report
from previewer.cli.rows.cells import show_id
from previewer.cli.table import Column
from previewer.operations.run.run import CommandResult

RUN_COLUMNS = (
    Column("run", "RUN", gives_way=True),
    Column("commit", "COMMIT", show_id, spare=1),
    Column("exit_code", "EXIT"),
    Column("seconds", "SECONDS"),
    Column("error", "ERROR", gives_way=True),
    Column("evidence", "EVIDENCE", gives_way=True, spare=2),
)
"""Of ``previewer run --matrix``."""


def run_junit(results: Sequence[CommandResult]) -> str:
    """A test case for each."""
    cases = [JunitCase("run", result.title, _failures(result), result.seconds) for result in results]
    return junit_report("previewer run", cases, noun="failure")


def _failures(result: CommandResult) -> list[str]:
    found = [f"the command ended with {result.code}"] if result.code else []
    if result.error is not None:
        found += [str(result.error), *result.error.details]
    return found
