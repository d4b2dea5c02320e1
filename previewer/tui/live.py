"""What is known of git and the engine, kept up to date: asked for at intervals and whenever the engine stirs."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace
from textual import on
from textual.app import App, ScreenStackError
from textual.css.query import NoMatches
from textual.notifications import SeverityLevel
from textual.reactive import reactive
from textual.worker import WorkerFailed

from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment
from previewer.present.safe_text import plain
from previewer.tui import messages as told
from previewer.tui import screen_requests
from previewer.tui.context import AppContext, AppState
from previewer.tui.detail_queries import (
    DriftRead,
    DriftsRead,
    QuestionFailed,
    RolesParityRead,
    TouchesEnded,
    TouchesRead,
    TouchesSeen,
)
from previewer.tui.present.states import TAINT_SIGN
from previewer.tui.schedule import Schedule
from previewer.tui.screens.base import PreviewerScreen

OLD_TICKS = 10
"""Looks at the clock between two redraws where nothing is that young."""
YOUNG = timedelta(minutes=1)
"""Ages below are shown in seconds: they are drawn at each look at the clock."""


class LiveApp(App[int]):
    """The part of the application that owns the picture."""

    app_state: reactive[AppState] = reactive(AppState())
    """What is known. Screens redraw when it changes."""
    touches_seen: reactive[int] = reactive(0)
    """Goes up whenever the engine told of something that may have been done to an environment from outside."""
    hears_touches: reactive[bool] = reactive(False)
    """Whether the engine is listened to."""
    work_pulse: reactive[int] = reactive(0)
    """Goes up whenever something about an operation is to be drawn again."""

    def __init__(self, context: AppContext) -> None:
        self.context = context
        self._told_of: set[tuple[str, int]] = set()
        """Generations of environments whose taint has been announced."""
        self._is_watching = False
        self._has_hurried = False
        """Whether the end of the engine's events was a reason to look since the last regular look."""
        self._ticks = 0
        self._measured: tuple[str, ...] = ()
        """The names of the containers whose usage is followed."""
        self._told_faults: set[str] = set()
        self._compared: object = None
        """What staging and production were when they were compared last."""
        super().__init__()
        self.schedule = Schedule(self)

    def on_mount(self) -> None:
        """Paint first, ask afterwards."""
        self.schedule.start(
            clock=self._tick,
            slow=self.refresh_app_state,
            drift=self._look_for_drift,
            pulse=self._turn_spinners,
        )
        self.call_after_refresh(self.refresh_app_state)

    def _handle_exception(self, error: Exception) -> None:
        """No reason to end: widgets that go before all that asks for them has ended.

        That is so once the application ends, and in Textual's only workers, those of a palette that is closed.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        is_late = self._exit or isinstance(error, WorkerFailed)
        if not (is_late and isinstance(cause, NoMatches | ScreenStackError)):
            super()._handle_exception(error)

    def tell(self, message: str, *, title: str, severity: SeverityLevel = "information") -> None:
        """A notification, as plain text."""
        self.notify(plain(message), title=plain(title), severity=severity, markup=False)

    def refresh_app_state(self) -> None:
        """Ask git and the engine."""
        self._has_hurried = False
        self.context.queries.read_branches(self)
        self.context.queries.read_environments(self)

    @on(screen_requests.RefreshRequested)
    def refresh_requested(self) -> None:
        """The user does not want to wait for the tick."""
        self._compared = None
        self.refresh_app_state()
        self._look_for_drift()

    @on(told.BranchesRead)
    def branches_read(self, message: told.BranchesRead) -> None:
        """Git answered."""
        self.app_state = replace(self.app_state, branches=message.branches, source_error=None)
        self._look_up_commits()
        self.context.queries.read_names(len(message.branches), self)

    @on(told.NamesRead)
    def names_read(self, message: told.NamesRead) -> None:
        """Tags, pull requests, and what became of the branches."""
        self.app_state = replace(self.app_state, named=message.named, view=message.view)

    @on(told.CommitsFound)
    def commits_found(self, message: told.CommitsFound) -> None:
        """Rows of environments without a branch say what they run."""
        found = {commit.id: commit for commit in message.commits}
        self.app_state = replace(self.app_state, commits={**self.app_state.commits, **found})

    def _look_up_commits(self) -> None:
        """Once branches and environments are known: what those run that have no branch here."""
        if unknown := self.app_state.unknown_commits:
            self.context.queries.read_commits_of(unknown, self)

    @on(told.BranchesFailed)
    def branches_failed(self, message: told.BranchesFailed) -> None:
        """Git could not answer."""
        self.app_state = replace(self.app_state, source_error=message.error)

    @on(told.EnvironmentsRead)
    def environments_read(self, message: told.EnvironmentsRead) -> None:
        """The engine answered: from now on it is watched."""
        self.app_state = replace(
            self.app_state,
            environments=message.environments,
            engine=message.engine,
            attempts={attempt.branch or "": attempt for attempt in message.attempts},
            role_attempts=message.role_attempts,
            engine_error=None,
            read_at=self.context.now(),
        )
        for fault in message.faults:
            if fault not in self._told_faults:
                self._told_faults.add(fault)
                self.tell(fault, title="history", severity="warning")
        self._look_up_commits()
        self._compare_roles(message.environments)
        if not self._is_watching:
            self._is_watching = True
            self.context.queries.watch_engine(self)
            self._look_for_drift()
        if message.environments:
            self.context.memory.keep(is_toured=True)
        else:
            self.context.detail_queries.read_start(self)
        if not self.hears_touches:
            self.hears_touches = True
            self.context.detail_queries.follow_touches(self)

    @on(told.EnvironmentsFailed)
    def environments_failed(self, message: told.EnvironmentsFailed) -> None:
        """The engine did not answer; what was known of it stays, and says so."""
        self.app_state = replace(self.app_state, engine_error=message.error)

    @on(told.EngineStirred)
    def engine_stirred(self) -> None:
        """Look at the engine, once things have settled."""
        self.schedule.soon(self._look_again)

    @on(told.EngineWatchEnded)
    def engine_watch_ended(self) -> None:
        """It went away, or closed the stream: that shows at the next look, and its answer opens a new one."""
        self._is_watching = False
        if not self._has_hurried:
            self._has_hurried = True
            self.schedule.soon(self._look_again)

    @on(TouchesSeen)
    def touches_were_seen(self) -> None:
        """Look at what was done, once things have settled."""
        if not self.context.running_works:
            self.schedule.soon(self._look_at_touches)

    @on(TouchesEnded)
    def touches_ended(self) -> None:
        """The next answer about the environments listens again."""
        self.hears_touches = False

    @on(TouchesRead)
    def touches_read(self, message: TouchesRead) -> None:
        """Mark what was touched; say so where it had not been."""
        self.app_state = self.app_state.with_touches(message.drifts)
        for name in message.noted:
            self._tell_of_touch(name)
        if message.noted:
            self.context.queries.read_environments(self)

    @on(DriftsRead)
    def drifts_read(self, message: DriftsRead) -> None:
        """Every environment was looked at."""
        self.app_state = replace(
            self.app_state, drifts={drift.environment.name: drift for drift in message.drifts}
        )

    @on(DriftRead)
    def drift_read(self, message: DriftRead) -> None:
        """One was, by its tab. Where it is tainted from now on, the environment is to say so."""
        seen = message.drift.environment
        name, known = seen.name, self.app_state.environment(seen.name)
        self.app_state = replace(self.app_state, drifts={**self.app_state.drifts, name: message.drift})
        # An answer that a newer question overtook is never told: what it noted is seen by the next one.
        is_news = message.is_newly_tainted or seen.is_tainted
        if is_news and known is not None and not known.is_tainted:
            self._tell_of_touch(name)
            self.context.queries.read_environments(self)

    @on(told.StartRead)
    def start_read(self, message: told.StartRead) -> None:
        """What HEAD says of how it is run."""
        self.app_state = replace(self.app_state, start=message.start)

    @on(RolesParityRead)
    def roles_parity_read(self, message: RolesParityRead) -> None:
        """Staging and production were compared."""
        self.app_state = replace(self.app_state, roles_parity=message.parity, commits_ahead=message.commits_ahead)

    @on(QuestionFailed)
    def question_failed(self) -> None:
        """Marks that cannot be drawn are left out: what the engine says is shown by those who ask it first."""
        self._compared = None

    @on(told.UsageArrived)
    def usage_arrived(self, message: told.UsageArrived) -> None:
        """Show it, if what it is of is still in sight."""
        self.context.usage.add(message.mailbox.take())
        if (screen := self._front) is not None:
            screen.usage_changed()

    @property
    def _front(self) -> PreviewerScreen | None:
        """The screen in front where it is one of ours; ``None`` too while the application ends, which has none."""
        screen = self.screen_stack[-1] if self.screen_stack else None
        return screen if isinstance(screen, PreviewerScreen) else None

    def _follow_usage(self) -> None:
        """Follow what the containers in sight use, and no others."""
        screen = self._front
        wanted = screen.visible_containers if screen is not None and screen.is_drawable else ()
        if wanted != self._measured:
            self._measured = wanted
            self.context.usage.keep_only(wanted)
            if wanted:
                self.context.queries.follow_usage(wanted, self)
            else:
                self.context.queries.stop_usage()

    def redraw_ages(self) -> None:
        """Times pass, though nothing happens."""
        if (screen := self._front) is not None:
            screen.time_passed()

    def _tick(self) -> None:
        self._ticks += 1
        self._follow_usage()
        if self._ticks % OLD_TICKS == 0 or self.app_state.has_younger_than(YOUNG, self.context.now()):
            self.redraw_ages()

    def _look_for_drift(self) -> None:
        if self._is_watching:
            self.context.detail_queries.read_drifts(self)

    def _compare_roles(self, environments: tuple[Environment, ...]) -> None:
        """Compare staging with production again if either is another than before."""
        guarded = tuple(e for e in environments if e.role is not Role.PREVIEW)
        key = tuple((e.name, e.ownership.release, tuple(s.name for s in e.services)) for e in guarded)
        if key != self._compared:
            self._compared = key
            self.context.detail_queries.read_roles_parity(guarded, self)

    def _look_at_touches(self) -> None:
        self.touches_seen += 1
        self.context.detail_queries.read_touches(self)

    def _tell_of_touch(self, name: str) -> None:
        """Once for each environment generation, whichever look found it."""
        environment = self.app_state.environment(name)
        generation = environment.ownership.generation if environment is not None else 0
        if (name, generation) not in self._told_of:
            self._told_of.add((name, generation))
            words = f"changed from outside previewer · {self.context.key_of('replace')} replaces it"
            self.tell(words, title=f"{TAINT_SIGN} {name} is tainted", severity="warning")

    def _look_again(self) -> None:
        self.context.queries.read_environments(self)

    def _turn_spinners(self) -> None:
        self.work_pulse += 1
