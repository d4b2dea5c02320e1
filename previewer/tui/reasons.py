"""Why an action cannot be taken on a row: said to the user instead of failing, and it hides the key."""

from __future__ import annotations

from previewer.domain.overview import OverviewRow
from previewer.tui.picture import Picture

NEEDS_ENGINE = frozenset({"up", "down", "replace", "logs"})
NEEDS_ENVIRONMENT = frozenset({"down", "replace", "logs", "browse", "mark"})
NEEDS_BRANCH = frozenset({"commits"})
NEEDS_ROW = frozenset({"open", "up", "copy"})


def reason_against_row(action: str, row: OverviewRow | None, picture: Picture) -> str | None:
    """The reason, as a sentence; ``None`` where the action can be taken."""
    if action in NEEDS_ROW | NEEDS_ENVIRONMENT | NEEDS_BRANCH and row is None:
        return "nothing is selected"
    if action in NEEDS_ENGINE and picture.engine_error is not None:
        return f"no engine answers: {picture.engine_error.message}"
    if action in NEEDS_ENVIRONMENT and row is not None and row.environment is None:
        return "nothing runs here: press u to bring it up"
    if action in NEEDS_BRANCH and row is not None and row.branch is None:
        return "this environment belongs to no branch of this repository"
    if action == "browse" and row is not None and row.environment is not None and not row.environment.url:
        return "no service of this environment publishes a port"
    return None
