"""What became of environments that were to sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject

if TYPE_CHECKING:
    from previewer.operations.sleep import SleepResult

SLEEP_COLUMNS = (Column("environment", "ENVIRONMENT", gives_way=True), Column("result", "RESULT"))
"""Of ``previewer sleep``."""


def sleep_rows(result: SleepResult) -> tuple[JsonObject, ...]:
    """Every environment that was named."""
    return (
        *({"environment": name, "result": "asleep"} for name in result.environments),
        *({"environment": name, "result": "asleep already"} for name in result.already_asleep),
    )
