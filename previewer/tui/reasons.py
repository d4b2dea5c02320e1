"""Why an action cannot be taken on a row: said to the user instead of failing, and it hides the key."""

from __future__ import annotations

from previewer.domain.compose.definition import Role
from previewer.domain.compose.routes import is_web_page
from previewer.domain.environment.environment import Environment, OverviewRow, State
from previewer.domain.environment.urls import reason_for_no_url
from previewer.tui.context import AppState
from previewer.tui.requests.rollback import known_good_others

_DEEDS = frozenset(
    {
        "down",
        "replace",
        "update",
        "promote",
        "rollback",
        "extend",
        "pin",
        "sleep",
        "wake",
        "drift",
        "debug",
        "logs",
    }
)
WAKEABLE = frozenset({State.ASLEEP, State.STOPPED, State.FAILED})
"""What can be woken: what sleeps, and what ended with the engine."""
NEEDS_ENGINE = _DEEDS | {"up", "prune"}
NEEDS_ENVIRONMENT = _DEEDS | {"browse", "mark", "inspect", "history", "diff"}
NEEDS_BRANCH = frozenset({"commits"})
NEEDS_ROW = frozenset({"open", "up", "copy"})


def disabled_reason_on_row(action: str, row: OverviewRow | None, app_state: AppState) -> str | None:
    """The reason, as a sentence; ``None`` where the action can be taken."""
    if action in NEEDS_ROW | NEEDS_ENVIRONMENT | NEEDS_BRANCH and row is None:
        return "nothing is selected"
    if action in NEEDS_ENGINE and app_state.engine_error is not None:
        return app_state.engine_error.message
    if row is None:
        return None
    if action in NEEDS_ENVIRONMENT and row.environment is None:
        return "nothing runs here: press u to bring it up"
    if action in NEEDS_BRANCH and row.branch is None:
        return "this environment belongs to no branch of this repository"
    return _disabled_reason(action, row, row.environment) if row.environment is not None else None


def _disabled_reason(action: str, row: OverviewRow, environment: Environment) -> str | None:
    is_asleep = environment.state is State.ASLEEP
    if action == "browse" and not environment.url:
        return reason_for_no_url(environment)
    if action == "browse" and not is_web_page(environment.url or ""):
        return f"no browser opens {environment.url}"
    if action == "update":
        return _update_disabled_reason(row, environment)
    if action == "promote" and environment.role is Role.PRODUCTION:
        return "it is production already"
    if action == "rollback" and not known_good_others(environment):
        return "no other release is known to be good here"
    if action == "sleep" and is_asleep:
        return "it is asleep already"
    if action == "wake" and environment.state not in WAKEABLE:
        return "it is awake"
    return None


def _update_disabled_reason(row: OverviewRow, environment: Environment) -> str | None:
    if environment.ownership.branch is None:
        return "it was made of a commit, not of a branch"
    if row.branch is None:
        return "its branch is gone"
    if not row.is_behind and not environment.is_tainted:
        return "it runs the newest commit of its branch already"
    return None
