"""What can be done to the environment that a screen is about, or that is under its cursor."""

from __future__ import annotations

from previewer.domain.commit.revision import Branch
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment, OverviewRow
from previewer.tui.reasons import disabled_reason_on_row
from previewer.tui.requests.lifetime import ExtendRequest, PinRequest
from previewer.tui.requests.promote import PromoteRequest
from previewer.tui.requests.removal import DownRequest
from previewer.tui.requests.request import EnvironmentRequest
from previewer.tui.requests.rollback import RollbackRequest, known_good_others
from previewer.tui.requests.sleep import SleepRequest, WakeRequest
from previewer.tui.requests.up import ReplaceRequest, UpdateRequest
from previewer.tui.screen_requests import BrowseRequested, RefreshRequested, RequestMade, ScreenRequested
from previewer.tui.screens.base import PreviewerScreen

ACTING = (
    "down", "replace", "update", "promote", "rollback", "extend", "pin", "sleep", "wake", "drift", "parity",
    "inspect", "diff", "history", "browse", "logs", "retry", "work",
)  # fmt: skip
"""The actions that a screen binds to get all of this."""
CHANGING = frozenset({"down", "replace", "update", "promote", "rollback", "extend", "pin", "sleep", "wake"})
"""What cannot be begun while something else is being done to the environment from here."""


class ActingScreen(PreviewerScreen):
    """Deeds become requests, which the application has confirmed; looks become screens."""

    @property
    def environment(self) -> Environment | None:
        """What the deeds are about."""
        raise NotImplementedError

    @property
    def branch(self) -> Branch | None:
        """Its branch."""
        raise NotImplementedError

    @property
    def marked(self) -> tuple[Environment, ...]:
        """Environments that take the place of the one."""
        return ()

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given the environment and the branch."""
        if action in ("down", "sleep") and self.marked:
            action = "prune"  # needs nothing but the engine
        if action == "work":
            return None if self.context.works else "nothing has been started yet"
        if action in CHANGING and (busy := self._busy()):
            return busy
        has_row = self.environment is not None or self.branch is not None
        row = OverviewRow(self.branch, self.environment) if has_row else None
        return disabled_reason_on_row(action, row, self.app_state)

    def open_tab(self, tab: str) -> None:
        """Into the environment, at one of its tabs."""
        if self.environment is not None:
            self.post_message(ScreenRequested.environment(self.environment.name, tab=tab))

    def action_down(self) -> None:
        """Ask to tear it down, or the marked ones."""
        if self.is_possible("down") and (wanted := self._wanted()):
            self.post_message(RequestMade(DownRequest(wanted)))

    def action_sleep(self) -> None:
        """Ask to put it to sleep, or the marked ones."""
        if self.is_possible("sleep") and (wanted := self._wanted()):
            self.post_message(RequestMade(SleepRequest(wanted)))

    def action_replace(self) -> None:
        """Ask to replace it by a new generation of its own release."""
        self._request("replace", ReplaceRequest)

    def action_update(self) -> None:
        """Ask to bring it to its branch's tip."""
        self._request("update", UpdateRequest)

    def action_rollback(self) -> None:
        """Ask to go back."""
        self._request("rollback", RollbackRequest)

    def action_extend(self) -> None:
        """Ask to let it live longer."""
        self._request("extend", ExtendRequest)

    def action_pin(self) -> None:
        """Ask to pin it, or to unpin it."""
        self._request("pin", PinRequest)

    def action_wake(self) -> None:
        """Ask to wake it."""
        self._request("wake", WakeRequest)

    def action_promote(self) -> None:
        """Ask to run what it runs in the next role."""
        environment = self.environment
        if self.is_possible("promote") and environment is not None:
            to = Role.PRODUCTION if environment.role is Role.STAGING else Role.STAGING
            project = environment.ownership.project
            self.post_message(RequestMade(PromoteRequest(environment, project, to)))

    def action_drift(self) -> None:
        """To what is not as it was frozen."""
        if self.is_possible("drift"):
            self.open_tab("drift")

    def action_history(self) -> None:
        """To what was done to it."""
        if self.is_possible("history"):
            self.open_tab("history")

    def action_inspect(self) -> None:
        """To its release."""
        if self.is_possible("inspect"):
            self.open_tab("release")

    def action_logs(self) -> None:
        """To its logs."""
        if self.is_possible("logs"):
            self.open_tab("logs")

    def action_diff(self) -> None:
        """To what changed from the release before, or from production's, to the one that it runs."""
        environment = self.environment
        if self.is_possible("diff") and environment is not None:
            self.post_message(ScreenRequested.diff(self._release_before(environment), environment.name))

    def action_browse(self) -> None:
        """Open the URL."""
        if self.is_possible("browse") and self.environment and self.environment.url:
            self.post_message(BrowseRequested(self.environment.url))

    def action_retry(self) -> None:
        """Ask git and the engine again."""
        self.post_message(RefreshRequested())

    def action_work(self) -> None:
        """Into the operation that runs, or the last one."""
        if self.is_possible("work"):
            running = self.context.running_works or tuple(self.context.works.values())
            self.post_message(ScreenRequested.progress(running[-1].number))

    def _busy(self) -> str | None:
        name = self.environment.name if self.environment else None
        work = self.context.work_on(branch=None, environment=name) if name else None
        return f"{work.verb} is under way: {self.context.key_of('work')} shows it" if work else None

    def _request(self, action: str, made: type[EnvironmentRequest]) -> None:
        if self.is_possible(action) and self.environment is not None:
            self.post_message(RequestMade(made(self.environment)))

    def _wanted(self) -> tuple[Environment, ...]:
        return self.marked or ((self.environment,) if self.environment else ())

    def _release_before(self, environment: Environment) -> str:
        """The release to compare with: production's for a preview, else the newest good one, else its own."""
        if environment.role is not Role.PRODUCTION:
            found = [e for e in self.app_state.environments or () if e.role is Role.PRODUCTION]
            if found:
                return found[0].name
        good = known_good_others(environment)
        return good[0].release if good else environment.name
