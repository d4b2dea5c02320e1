"""What an environment can be rolled back to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from previewer.cli.rows.ids import show_id
from previewer.cli.rows.times import moment, show_age
from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject

if TYPE_CHECKING:
    from previewer.operations.rollback import Candidate


def candidate_columns(now: datetime) -> tuple[Column, ...]:
    """Of ``previewer rollback --list``."""
    return (
        Column("environment", "ENVIRONMENT", gives_way=True),
        Column("release", "RELEASE", show_id),
        Column("commit", "COMMIT", show_id),
        Column("generation", "GENERATION"),
        Column("until", "SERVED UNTIL", show_age(now)),
        Column("kept", "KEPT"),
    )


def candidate_rows(candidates: Iterable[Candidate]) -> tuple[JsonObject, ...]:
    """Newest first."""
    return tuple(
        {
            "environment": candidate.environment,
            "role": candidate.role.value,
            "release": candidate.good.release,
            "commit": candidate.good.commit,
            "generation": candidate.good.generation,
            "until": moment(candidate.good.until),
            "kept": candidate.is_kept,
        }
        for candidate in candidates
    )
