"""What became of the environments that were to be removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject

if TYPE_CHECKING:
    from previewer.operations.down import DownResult

REMOVAL_COLUMNS = (Column("environment", "ENVIRONMENT", gives_way=True), Column("result", "RESULT"))
"""Of ``previewer down``."""


def removal_rows(result: DownResult) -> tuple[JsonObject, ...]:
    """Every environment that was named."""
    return (
        *({"environment": name, "result": "removed"} for name in result.environments),
        *({"environment": name, "result": "already gone"} for name in result.already_gone),
    )
