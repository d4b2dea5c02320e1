"""Files that ``previewer init`` writes."""

from __future__ import annotations

from collections.abc import Iterable

from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject

FILE_COLUMNS = (Column("path", "PATH", gives_way=True), Column("result", "RESULT"))
"""Of ``previewer init``."""


def file_rows(*, written: Iterable[str], kept: Iterable[str], planned: Iterable[str]) -> tuple[JsonObject, ...]:
    """Every file with what became of it, sorted by path."""
    found = dict.fromkeys(written, "written")
    found |= dict.fromkeys(kept, "kept")
    found |= dict.fromkeys(planned, "would be written")
    return tuple({"path": path, "result": found[path]} for path in sorted(found))
