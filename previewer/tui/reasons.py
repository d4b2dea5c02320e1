"""Why an action cannot be taken on a row: said to the user instead of failing, and it hides the key."""

from __future__ import annotations

from previewer.domain.compose.routes import is_web_page
from previewer.domain.environment.environment import OverviewRow
from previewer.domain.environment.urls import reason_for_no_url
from previewer.tui.actions import BY_ID, Need
from previewer.tui.context import AppState
from previewer.tui.job_kinds import BY_VERB


def disabled_reason_on_row(action: str, row: OverviewRow | None, app_state: AppState) -> str | None:
    """The reason, as a sentence; ``None`` where the action can be taken."""
    needs = BY_ID[action].needs
    if needs not in (Need.NOTHING, Need.ENGINE) and row is None:
        return "nothing is selected"
    if (needs in (Need.ENGINE, Need.RUN) or action == "up") and app_state.engine_error is not None:
        return app_state.engine_error.message
    if row is None:
        return None
    if needs is Need.BRANCH and row.branch is None:
        return "this environment belongs to no branch of this repository"
    environment = row.environment
    if environment is None and row.attempt is not None and action in ("logs", "history"):
        return None
    if environment is None:
        is_needed = needs in (Need.ENVIRONMENT, Need.RUN)
        return "nothing runs here: press u to bring it up" if is_needed else None
    if action == "browse" and not environment.url:
        return reason_for_no_url(environment)
    if action == "browse" and not is_web_page(environment.url or ""):
        return f"no browser opens {environment.url}"
    return BY_VERB[action].disabled_reason(row) if action in BY_VERB else None
