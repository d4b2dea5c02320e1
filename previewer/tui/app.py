"""The application: it owns the picture and the operations, asks for news, and opens screens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import ClassVar

from textual import on
from textual.app import App, SuspendNotSupported, SystemCommand
from textual.binding import BindingType
from textual.command import Provider
from textual.events import Key
from textual.notifications import SeverityLevel
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer

from previewer.domain.definition import Role
from previewer.domain.environment import Environment
from previewer.errors import PreviewerError
from previewer.operations.session import Session
from previewer.tui import asked
from previewer.tui import messages as told
from previewer.tui.actions import BY_ID, Place, bindings
from previewer.tui.answers import DriftRead, DriftsRead, QuestionFailed, RolesParityRead
from previewer.tui.desk import Desk
from previewer.tui.palette import ActionProvider, PlaceProvider
from previewer.tui.picture import Picture
from previewer.tui.present.failure import failure_summary
from previewer.tui.present.pieces import text_of
from previewer.tui.present.plain import plain
from previewer.tui.requests.request import Request
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.screens.confirm_plan import ConfirmScreen
from previewer.tui.screens.destinations import screen_of
from previewer.tui.screens.help import HelpScreen
from previewer.tui.screens.home import HomeScreen
from previewer.tui.screens.leave import LeaveScreen, Leaving
from previewer.tui.screens.menu import MenuScreen
from previewer.tui.screens.progress import ProgressScreen
from previewer.tui.terminal import end_with_terminal
from previewer.tui.themes import DARK, OWN
from previewer.tui.tones import tone_variables
from previewer.tui.widgets.line_input import LineInput
from previewer.tui.work import Work, WorkState

SLOW_TICK = 15.0
"""Seconds between two looks at git and the engine where no event says that anything happened."""
DRIFT_TICK = 60.0
"""Seconds between two looks at what is not as it was frozen, in all environments."""
SETTLE = 0.2
"""Seconds that events are gathered for before the engine is looked at."""
PULSE = 0.125
"""Seconds between two turns of a spinner."""


class PreviewerApp(App[int]):
    """Branches, environments, and what one does with them."""

    TITLE = "previewer"
    CSS_PATH: ClassVar[list[str | PurePath]] = sorted((Path(__file__).parent / "styles").glob("*.tcss"))
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {
        ActionProvider,
        PlaceProvider,
        *App.COMMANDS,
    }
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(("command_palette", "help", "leave", "menu"))]

    picture: reactive[Picture] = reactive(Picture())
    """What is known. Screens redraw when it changes."""
    work_pulse: reactive[int] = reactive(0)
    """Goes up whenever something about an operation is to be drawn again."""

    def __init__(
        self,
        session: Session,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        theme: str | None = None,
    ) -> None:
        keymap = session.settings.keymap
        self.desk = Desk(session, keymap=keymap, monotonic=monotonic)
        self._is_leaving = False
        self._settling: Timer | None = None
        self._pulse: Timer | None = None
        self._is_watching = False
        self._compared: object = None
        """What staging and production were when they were compared last."""
        super().__init__()
        for own in OWN:
            self.register_theme(own)
        wanted = theme or session.settings.theme or DARK.name
        self.theme = wanted if wanted in self.available_themes else DARK.name
        self.set_keymap({name: keys for name, keys in keymap.items() if name in BY_ID})

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables and, derived from them, those of our tones."""
        variables = super().get_css_variables()
        variables.update(tone_variables(variables, is_ansi=self.current_theme.ansi))
        self.theme_variables = variables
        return variables

    def get_default_screen(self) -> Screen[None]:
        """Home."""
        return HomeScreen(self.desk)

    def on_mount(self) -> None:
        """Paint first, ask afterwards."""
        self.set_interval(SLOW_TICK, self.refresh_picture)
        self.set_interval(DRIFT_TICK, self._look_for_drift)
        self._pulse = self.set_interval(PULSE, self._turn_spinners, pause=True)
        self.call_after_refresh(self.refresh_picture)

    def on_unmount(self) -> None:
        """Close every stream."""
        self.desk.bridge.close()

    def on_key(self, event: Key) -> None:
        """What is typed fast after a screen's key that asks for a line belongs into the line: it is no command."""
        if isinstance(self.screen, PreviewerScreen) and isinstance(self.focused, LineInput):
            self.focused.catch(event)

    def exit(self, result: int | None = None, return_code: int = 0, message: object = None) -> None:
        """Close every stream first: a reader that waits for one would keep the process alive."""
        del message
        self.desk.bridge.close()
        super().exit(result, return_code)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Only the themes: everything else is an action of ours."""
        del screen
        yield SystemCommand(f"{'theme':<12}Choose other colours", "", self.search_themes)

    def refresh_picture(self) -> None:
        """Ask git and the engine."""
        self.desk.gateway.read_branches(self)
        self.desk.gateway.read_environments(self)

    @on(asked.RefreshAsked)
    def refresh_asked(self) -> None:
        """The user does not want to wait for the tick."""
        self._compared = None
        self.refresh_picture()
        self._look_for_drift()

    @on(told.BranchesRead)
    def branches_read(self, message: told.BranchesRead) -> None:
        """Git answered."""
        self.picture = replace(self.picture, branches=message.branches, source_error=None)

    @on(told.BranchesFailed)
    def branches_failed(self, message: told.BranchesFailed) -> None:
        """Git could not answer."""
        self.picture = replace(self.picture, source_error=message.error)

    @on(told.EnvironmentsRead)
    def environments_read(self, message: told.EnvironmentsRead) -> None:
        """The engine answered: from now on it is watched."""
        self.picture = replace(
            self.picture, environments=message.environments, engine=message.engine, engine_error=None
        )
        self._compare_roles(message.environments)
        if not self._is_watching:
            self._is_watching = True
            self.desk.gateway.watch_engine(self)
            self._look_for_drift()

    @on(told.EnvironmentsFailed)
    def environments_failed(self, message: told.EnvironmentsFailed) -> None:
        """The engine did not answer; what was known of it stays, and says so."""
        self.picture = replace(self.picture, engine_error=message.error)

    @on(told.EngineStirred)
    def engine_stirred(self) -> None:
        """Look at the engine, once things have settled."""
        if self._settling is None:
            self._settling = self.set_timer(SETTLE, self._look_again)

    @on(told.EngineWatchEnded)
    def engine_watch_ended(self) -> None:
        """It went away, or closed the stream: the next answer opens a new one."""
        self._is_watching = False

    @on(DriftsRead)
    def drifts_read(self, message: DriftsRead) -> None:
        """Every environment was looked at."""
        self.picture = replace(self.picture, drifts={drift.environment.name: drift for drift in message.drifts})

    @on(DriftRead)
    def drift_read(self, message: DriftRead) -> None:
        """One was, by its tab. Where it is tainted from now on, the environment is to say so."""
        seen = message.drift.environment
        name, known = seen.name, self.picture.environment(seen.name)
        self.picture = replace(self.picture, drifts={**self.picture.drifts, name: message.drift})
        # An answer that a newer question overtook is never told: what it noted is seen by the next one.
        is_news = message.is_newly_tainted or seen.is_tainted
        if is_news and known is not None and not known.is_tainted:
            key = self.desk.key_of("replace")
            self._tell(f"somebody touched it · {key} replaces it", title=f"{name} is tainted", severity="warning")
            self.desk.gateway.read_environments(self)

    @on(RolesParityRead)
    def roles_parity_read(self, message: RolesParityRead) -> None:
        """Staging and production were compared."""
        self.picture = replace(self.picture, roles_parity=message.parity)

    @on(QuestionFailed)
    def question_failed(self) -> None:
        """Marks that cannot be drawn are left out: what the engine says is shown by those who ask it first."""
        self._compared = None

    @on(asked.ScreenAsked)
    def screen_asked(self, message: asked.ScreenAsked) -> None:
        """Go there."""
        is_there = message.destination is asked.Destination.PROGRESS and isinstance(self.screen, ProgressScreen)
        if not is_there:
            self.push_screen(screen_of(self.desk, message))

    @on(asked.RequestMade)
    def request_made(self, message: asked.RequestMade) -> None:
        """Ask for confirmation, then begin."""
        self.push_screen(ConfirmScreen(self.desk, message.request), self._begin)

    @on(asked.ShellAsked)
    def shell_asked(self, message: asked.ShellAsked) -> None:
        """Hand the terminal over until the shell ends."""
        title = f"debug {message.environment} {message.service}"
        try:
            with self.suspend():
                code = self.desk.gateway.open_shell(message.environment, message.service)
        except SuspendNotSupported:
            command = f"previewer debug {message.environment} {message.service}"
            self._tell(f"this terminal cannot be handed over: {command}", title=title, severity="warning")
        except PreviewerError as error:
            self._tell(text_of(failure_summary(error)), title=title, severity="error")
        else:
            self._tell(f"the shell ended with {code}, and the copy is gone", title=title)
        self.refresh_picture()

    @on(told.WorkReported)
    def work_reported(self, message: told.WorkReported) -> None:
        """An operation has got on."""
        work = self.desk.works[message.number]
        for event in message.mailbox.take():
            work.board.apply(event, at=self.desk.monotonic())

    @on(told.WorkEnded)
    def work_ended(self, message: told.WorkEnded) -> None:
        """An operation is over."""
        work = self.desk.works[message.number]
        work.ended_at = self.desk.monotonic()
        work.error, work.outcome = message.error, message.outcome
        if message.environment is not None:
            work.environments = (message.environment,)
        self.work_pulse += 1
        self.desk.gateway.read_environments(self)
        if not self._is_shown(work):
            self._announce(work)
        if not self.desk.running_works:
            if self._pulse is not None:
                self._pulse.pause()
            if self._is_leaving:
                self.exit(0)

    @on(asked.CopyAsked)
    def copy_asked(self, message: asked.CopyAsked) -> None:
        """Try the system's clipboard."""
        self.desk.gateway.copy(message.text, self)

    @on(told.TextCopied)
    def text_copied(self, message: told.TextCopied) -> None:
        """Where the system has no clipboard, ask the terminal."""
        if not message.is_native:
            self.copy_to_clipboard(message.text)
        lines = message.text.count("\n")
        what = plain(message.text) if lines == 0 else f"{lines} lines"
        how = "" if message.is_native else " (through the terminal)"
        self._tell(f"{what}", title=f"copied{how}")

    @on(asked.BrowseAsked)
    def browse_asked(self, message: asked.BrowseAsked) -> None:
        """Ask a browser."""
        self.desk.gateway.open_url(message.url, self)

    @on(told.UrlOpened)
    def url_opened(self, message: told.UrlOpened) -> None:
        """Say so, or give the URL to copy."""
        if message.is_open:
            self._tell(message.url, title="opened in the browser")
        else:
            key = self.desk.key_of("copy")
            self._tell(f"{message.url} · {key} copies it", title="no browser here", severity="warning")

    def action_help(self) -> None:
        """All keys."""
        if not isinstance(self.screen, HelpScreen):
            place = getattr(self.screen, "PLACE", Place.CONFIRM)
            self.push_screen(HelpScreen(self.desk, place))

    async def action_menu(self) -> None:
        """Everything that can be done here."""
        screen = self.screen
        if isinstance(screen, PreviewerScreen):

            async def chosen(name: str | None) -> None:
                if name is not None:
                    method = BY_ID[name].method
                    own = hasattr(screen, f"action_{method}")
                    await screen.run_action(f"screen.{method}" if own else f"app.{method}")

            self.push_screen(MenuScreen(self.desk, screen.menu_items()), chosen)

    def action_leave(self) -> None:
        """Quit; asks while operations run."""
        if not self.desk.running_works:
            self.exit(0)
        elif not isinstance(self.screen, LeaveScreen):
            self.push_screen(LeaveScreen(self.desk), self._leave)

    def _leave(self, how: Leaving | None) -> None:
        if how is None:
            self._is_leaving = False
            return
        self._is_leaving = True
        if how is Leaving.CANCEL:
            for work in self.desk.running_works:
                work.cancellation.request()
        if not self.desk.running_works:
            self.exit(0)
            return
        self._tell("previewer quits as soon as everything has ended", title="quitting")
        self.work_pulse += 1

    def _begin(self, request: Request | None) -> None:
        if request is None:
            return
        work = self.desk.begin_work(
            verb=request.verb,
            subject=request.subject,
            branch=request.branch,
            environments=request.environments,
            doing=request.doing,
        )
        self.desk.gateway.start(work, request, self)
        if isinstance(home := self.screen_stack[0], HomeScreen):
            home.unmark(request.environments)
        if self._pulse is not None:
            self._pulse.resume()
        if not request.is_quick:
            self.push_screen(ProgressScreen(self.desk, work.number))

    def _look_for_drift(self) -> None:
        if self._is_watching:
            self.desk.inquiries.read_drifts(self)

    def _compare_roles(self, environments: tuple[Environment, ...]) -> None:
        """Compare staging with production again if either is another than before."""
        guarded = tuple(e for e in environments if e.role is not Role.PREVIEW)
        key = tuple((e.name, e.ownership.release, tuple(s.name for s in e.services)) for e in guarded)
        if key != self._compared:
            self._compared = key
            self.desk.inquiries.read_roles_parity(guarded, self)

    def _look_again(self) -> None:
        self._settling = None
        self.desk.gateway.read_environments(self)

    def _turn_spinners(self) -> None:
        self.work_pulse += 1

    def _is_shown(self, work: Work) -> bool:
        return isinstance(self.screen, ProgressScreen) and self.screen.number == work.number

    def _announce(self, work: Work) -> None:
        if work.error is not None and work.state is WorkState.FAILED:
            self._tell(text_of(failure_summary(work.error)), title=work.title, severity="error")
        else:
            outcome = work.outcome[0] if work.outcome else ""
            self._tell(outcome or work.state.value, title=f"{work.title}: {work.state.value}")

    def _tell(self, message: str, *, title: str, severity: SeverityLevel = "information") -> None:
        self.notify(plain(message), title=plain(title), severity=severity, markup=False)


def run(session: Session) -> int:
    """Run the interface until the user quits; its exit code. Operations that it leaves behind are undone first."""
    app = PreviewerApp(session)
    app.desk.bridge.stand_by("terminal", lambda: end_with_terminal(app.desk.undo_running_works))
    try:
        result = app.run()
    finally:
        app.desk.undo_running_works()
    return app.return_code or result or 0
