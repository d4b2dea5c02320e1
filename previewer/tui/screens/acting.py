"""What can be done to the environment that a screen is about, or that is under its cursor."""

from __future__ import annotations

from previewer.domain.commit.revision import Branch
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment, OverviewRow
from previewer.domain.naming import environment_name
from previewer.domain.record.notes import FailedAttempt
from previewer.tui.actions import BY_ID
from previewer.tui.job_kinds import BY_VERB, default_choice, known_good_others
from previewer.tui.reasons import disabled_reason_on_row
from previewer.tui.request import Request
from previewer.tui.screen_requests import BrowseRequested, RefreshRequested, ScreenRequested
from previewer.tui.screens.base import PreviewerScreen

ACTING = (
    "down", "replace", "update", "promote", "rollback", "extend", "pin", "sleep", "wake", "drift", "parity",
    "inspect", "diff", "history", "browse", "logs", "retry", "work", "jobs",
)  # fmt: skip
"""The actions that a screen binds to get all of this."""


class ActingScreen(PreviewerScreen):
    """Jobs become requests, which the application has confirmed; looks become screens."""

    @property
    def environment(self) -> Environment | None:
        """What the jobs are done to."""
        raise NotImplementedError

    @property
    def branch(self) -> Branch | None:
        """Its branch."""
        raise NotImplementedError

    @property
    def attempt(self) -> FailedAttempt | None:
        """The last attempt to bring the branch up, where it failed and nothing of it runs."""
        branch = self.branch if self.environment is None else None
        return self.app_state.attempts.get(branch.name) if branch is not None else None

    @property
    def marked(self) -> tuple[Environment, ...]:
        """Environments that take the place of the one."""
        return ()

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given the environment and the branch."""
        if self.marked and action in BY_VERB and BY_VERB[action].takes_several:
            action = "prune"  # needs nothing but the engine
        if action == "work":
            return None if self.context.works else "nothing has been started yet"
        if BY_ID[action].changes and (busy := self._busy()):
            return busy
        has_row = self.environment is not None or self.branch is not None
        row = OverviewRow(self.branch, self.environment, attempt=self.attempt) if has_row else None
        return disabled_reason_on_row(action, row, self.app_state)

    def open_tab(self, tab: str) -> None:
        """Into the environment, at one of its tabs; into what is remembered of one that did not come up."""
        if self.environment is not None:
            self.post_message(ScreenRequested.environment(self.environment.name, tab=tab))
        elif self.attempt is not None and self.attempt.branch is not None:
            name = environment_name(self.context.session.project, self.attempt.branch)
            self.post_message(ScreenRequested.environment(name, tab=tab))

    def request(self, verb: str) -> Request | None:
        """The job for the marked environments, or for the one; nothing while there is none."""
        kind = BY_VERB[verb]
        wanted = (kind.takes_several and self.marked) or ((self.environment,) if self.environment else ())
        if not wanted:
            return None
        branch = wanted[0].ownership.branch if verb == "update" else None
        return Request(kind, self.context.session.project, wanted, branch=branch, index=default_choice(kind))

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

    def _release_before(self, environment: Environment) -> str:
        """The release to compare with: production's for a preview, else the newest good one, else its own."""
        if environment.role is not Role.PRODUCTION:
            found = [e for e in self.app_state.environments or () if e.role is Role.PRODUCTION]
            if found:
                return found[0].name
        good = known_good_others(environment)
        return good[0].release if good else environment.name
