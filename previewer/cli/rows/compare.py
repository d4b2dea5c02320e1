"""How two revisions differ that were asked the same."""

from __future__ import annotations

from previewer.cli.report_text import JunitCase, code_cell, junit_report
from previewer.cli.rows.parity import probe_rows
from previewer.domain.json_value import JsonObject, JsonValue, as_text
from previewer.domain.units import counted
from previewer.operations.compare import Comparison
from previewer.present.safe_text import plain
from previewer.present.tables import Column


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
    rows = probe_rows(found.probed, every=False)
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
