"""The application: it owns the picture and the operations, asks for news, and opens screens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from typing import ClassVar

from rich.console import RenderableType
from rich.style import Style as RichStyle
from textual import on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette, Provider
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.errors import NoWidget
from textual.events import Click, Event, Key, MouseDown, MouseEvent, Resize
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.theme import ThemeProvider

from previewer.domain.deploy.plan import Plan
from previewer.session.session import Session
from previewer.tui import messages as told
from previewer.tui import screen_requests
from previewer.tui.actions import BY_ID, Place, bindings
from previewer.tui.attention import Attention
from previewer.tui.clicks import clicked_key
from previewer.tui.context import AppContext, AppState
from previewer.tui.ending import Ending
from previewer.tui.job import Job, JobState
from previewer.tui.last_picture import LastPicture
from previewer.tui.memory import Memory, memory_of
from previewer.tui.outside import OutsideApp
from previewer.tui.palette import ActionProvider, Palette, PlaceProvider
from previewer.tui.present.notices import failure_summary
from previewer.tui.present.text import text_of
from previewer.tui.request import Proposal, Request
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.screens.confirm_plan import ConfirmScreen
from previewer.tui.screens.destinations import screen_of
from previewer.tui.screens.help import HelpScreen
from previewer.tui.screens.home import HomeScreen
from previewer.tui.screens.menu import MenuScreen
from previewer.tui.screens.progress import ProgressScreen
from previewer.tui.terminal import end_with_terminal
from previewer.tui.terminal_driver import TerminalDriver
from previewer.tui.themes import OWN, style_variables, theme_for
from previewer.tui.widgets.lines import LineInput


class PreviewerApp(OutsideApp):
    """Branches, environments, and what one does with them."""

    TITLE = "previewer"
    CSS_PATH: ClassVar[list[str | PurePath]] = sorted((Path(__file__).parent / "styles").glob("*.tcss"))
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {
        ActionProvider,
        PlaceProvider,
        *App.COMMANDS,
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("command_palette", "help", "leave", "menu", "theme", "density"))
    ]

    def __init__(
        self,
        session: Session,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        theme: str | None = None,
        memory: Memory | None = None,
        docker_host: str | None = None,
        environment: Mapping[str, str] = os.environ,
        picture: LastPicture | None = None,
        is_picture_shown: bool = False,
    ) -> None:
        keymap = session.settings.keymap
        super().__init__(
            AppContext(
                session,
                keymap=keymap,
                monotonic=monotonic,
                memory=memory,
                docker_host=docker_host,
                environment=environment,
            )
        )
        self._ending = Ending(self, self.context)
        self._picture = picture
        self.is_held = is_picture_shown
        """Whether nothing is drawn yet, because there is a picture that says more."""
        for own in OWN:
            self.register_theme(own)
        system = self.console.color_system or ""
        chosen = session.settings.theme or self.context.memory.preferences.themes.get(system)
        wanted = theme or theme_for(system, chosen)
        self.theme = wanted if wanted in self.available_themes else theme_for(system)
        self.attention = Attention(
            self._send,
            how=session.settings.notify,
            after=session.settings.notify_after,
            project=session.project,
            has_title=os.environ.get("TERM") != "linux",  # older consoles print it
        )
        self.set_keymap({name: keys for name, keys in keymap.items() if name in BY_ID})

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables and, derived from them, those of our tones."""
        variables = super().get_css_variables()
        variables.update(style_variables(variables, is_ansi=self.current_theme.ansi))
        variables.update(self.current_theme.variables)
        self.theme_variables = variables
        return variables

    def get_driver_class(self) -> type[Driver]:
        """Ours, on the terminals it is made for."""
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def get_default_screen(self) -> Screen[None]:
        """Home."""
        return HomeScreen(self.context)

    def on_mount(self) -> None:
        """Paint first, ask afterwards."""
        super().on_mount()
        self._ending.listen()
        self.set_class(self.context.memory.preferences.is_compact, "-compact")
        self.attention.rest()
        if self.is_held:
            self.set_timer(MOST_HELD, self._show_what_is)

    def on_unmount(self) -> None:
        """Close every stream."""
        self.context.bridge.close()
        self._ending.ignore()

    def on_key(self, event: Key) -> None:
        """What is typed fast after a screen's key that asks for a line belongs into the line: it is no command."""
        if isinstance(self.screen, PreviewerScreen) and isinstance(self.focused, LineInput):
            self.focused.catch(event)

    def on_click(self, event: Click) -> None:
        """A key that is written there is pressed."""
        if (key := clicked_key(event, self.screen)) is not None:
            self.simulate_key(key)

    async def on_event(self, event: Event) -> None:
        """Keys are for what is, and a picture of another size is none; a click on what is gone is none either."""
        if isinstance(event, MouseEvent) and not event.is_forwarded and self._is_on_removed(event):
            return
        if isinstance(event, Key | MouseDown) and not self.context.running_works:
            self.attention.rest()  # who types has seen how it ended
        if isinstance(event, Key | MouseDown) or (isinstance(event, Resize) and not self._is_of_size(event)):
            self._show_what_is()
        await super().on_event(event)

    def _is_on_removed(self, event: MouseEvent) -> bool:
        """Whether a widget is below the pointer that has no parent any more: Textual's selection fails there."""
        try:
            below, _region = self.screen.get_widget_at(event.x, event.y)
        except NoWidget:
            return False
        return below.parent is None and below is not self.screen

    def watch_app_state(self, state: AppState) -> None:
        """Once git and the engine have answered, there is more to say than the picture does."""
        is_known = state.branches is not None or state.source_error is not None
        if self.is_held and is_known and (state.environments is not None or state.engine_error is not None):
            self.call_after_refresh(self._show_what_is)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if not self.is_held:
            super()._display(screen, renderable)

    def _is_of_size(self, event: Resize) -> bool:
        return self._picture is not None and self._picture.size == tuple(event.size)

    def _show_what_is(self) -> None:
        if self.is_held:
            self.is_held = False
            self.refresh(layout=True)

    def _keep_picture(self) -> None:
        """Only of what is known, and without what programs wrote."""
        home, state = self.screen_stack[0], self.app_state
        is_known = state.branches is not None and state.environments is not None and state.engine_error is None
        if self._picture is None or self.is_headless or not is_known or not isinstance(home, HomeScreen):
            return
        hidden, old = home.glance.region, RichStyle(dim=True)
        lines: list[str] = []
        for number, strip in enumerate(home._compositor.render_strips()):
            shown = strip.apply_style(old)
            if home.glance.display and hidden.y <= number < hidden.bottom:
                left, right = shown.crop(0, hidden.x), shown.crop(hidden.right, shown.cell_length)
                shown = Strip.join([left, Strip.blank(hidden.width, home.rich_style), right])
            lines.append(shown.render(self.console))
        self._picture.keep(lines)

    def exit(self, result: int | None = None, return_code: int = 0, message: object = None) -> None:
        """Close every stream first: a reader that waits for one would keep the process alive."""
        del message
        self._keep_picture()
        self.context.bridge.close()
        super().exit(result, return_code)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """None of Textual's: everything is an action of ours."""
        del screen
        return ()

    def watch_theme(self, before: str, theme: str) -> None:
        """What was chosen is remembered, for terminals with as many colours."""
        memory, system = self.context.memory, self.console.color_system or ""
        if before and before != theme and self.is_running:
            memory.keep(themes={**memory.preferences.themes, system: theme})

    def _send(self, sequence: str) -> None:
        """To the terminal itself."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    @on(screen_requests.ScreenRequested)
    def screen_requested(self, message: screen_requests.ScreenRequested) -> None:
        """Go there."""
        is_there = message.destination is screen_requests.Destination.PROGRESS and isinstance(
            self.screen, ProgressScreen
        )
        if not is_there and self._clear_the_way():
            self.push_screen(screen_of(self.context, message))

    @on(screen_requests.RequestMade)
    def request_made(self, message: screen_requests.RequestMade) -> None:
        """Ask for confirmation, then begin."""
        if self._clear_the_way():
            screen = ConfirmScreen(self.context, message.request)
            self.push_screen(screen, lambda request: self._begin(request, screen.proposal))

    @on(told.JobReported)
    def work_reported(self, message: told.JobReported) -> None:
        """An operation has got on."""
        job = self.context.works[message.number]
        for event in message.mailbox.take():
            job.board.apply(event, at=self.context.monotonic())

    @on(told.JobEnded)
    def work_ended(self, message: told.JobEnded) -> None:
        """An operation is over."""
        job = self.context.works[message.number]
        job.ended_at = self.context.monotonic()
        job.error, job.outcome = message.error, message.outcome
        self.attention.ended(job, job.ended_at)
        if message.environment is not None:
            job.environments = (message.environment,)
        self.work_pulse += 1
        self.refresh_app_state()
        if not self._is_shown(job):
            self._announce(job)
        if not self.context.running_works:
            self.touches_were_seen()  # what came meanwhile was mostly the operations themselves
            self.schedule.rest()
            self._ending.work_ended()

    def action_help(self) -> None:
        """All keys."""
        if self._clear_the_way() or not isinstance(self.screen, HelpScreen):
            place = getattr(self.screen, "PLACE", Place.CONFIRM)
            self.push_screen(HelpScreen(self.context, place))

    async def action_menu(self) -> None:
        """Everything that can be done here."""
        screen = self.screen
        if isinstance(screen, PreviewerScreen):

            async def chosen(name: str | None) -> None:
                if name is not None:
                    await screen.run_action(screen.target_of(name))

            self.push_screen(MenuScreen(self.context, screen.menu_items()), chosen)

    def action_command_palette(self) -> None:
        """Everything by name; one palette at a time, wherever in the stack it is."""
        if not any(isinstance(screen, CommandPalette) for screen in self.screen_stack):
            self.push_screen(Palette(id="--command-palette"))

    def action_density(self) -> None:
        """Without cards and empty lines, or with them."""
        memory = self.context.memory
        memory.keep(is_compact=not memory.preferences.is_compact)
        self.set_class(memory.preferences.is_compact, "-compact")
        for screen in self.screen_stack:
            if isinstance(screen, PreviewerScreen):
                screen.draw()

    def action_theme(self) -> None:
        """The themes by name."""
        if self._clear_the_way():
            self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))

    def action_leave(self) -> None:
        """Quit; asks while operations run."""
        self._ending.leave()

    async def action_quit(self) -> None:
        """Textual's own way out, bound to ctrl+q: the same as ours."""
        self.action_leave()

    def action_help_quit(self) -> None:
        """Say how to quit: ctrl+c is pressed by accident too easily to do it."""
        self.tell(f"{self.context.key_of('leave')} quits", title="ctrl+c does not quit")

    def _clear_the_way(self) -> bool:
        """Close a palette that was opened after what is about to be shown; whether a screen is in front then.

        What a dialog asks was asked later than what would cover it, so it stays in front.
        """
        if isinstance(self.screen, CommandPalette):
            self.pop_screen()
        return not isinstance(self.screen, ModalScreen)

    def _begin(self, request: Request | None, proposal: Proposal | None) -> None:
        if request is None:
            return
        job = self.context.begin_work(
            verb=request.kind.verb,
            subject=request.subject,
            branch=request.branch,
            environments=request.changed,
            progress_label=request.kind.progress_label,
            command=request.command,
            steps=len(proposal) if isinstance(proposal, Plan) else 0,
        )
        self.attention.begun(job)
        self.context.queries.start(job, request, self)
        if isinstance(home := self.screen_stack[0], HomeScreen):
            home.unmark(request.changed)
        self.schedule.spin()
        if not request.kind.is_quick:
            self.push_screen(ProgressScreen(self.context, job.number))

    def _is_shown(self, job: Job) -> bool:
        return isinstance(self.screen, ProgressScreen) and self.screen.number == job.number

    def _announce(self, job: Job) -> None:
        if job.error is not None and job.state is JobState.FAILED:
            self.tell(text_of(failure_summary(job.error)), title=job.title, severity="error")
        else:
            outcome = job.outcome[0] if job.outcome else ""
            self.tell(outcome or job.state.value, title=f"{job.title}: {job.state.value}")


MOST_HELD = 5.0
"""Seconds that the last picture stays where git or the engine does not answer."""


def run(
    session: Session,
    picture: LastPicture | None = None,
    *,
    is_picture_shown: bool = False,
    docker_host: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Run the interface until the user quits; its exit code. Operations that it leaves behind are undone first."""
    app = PreviewerApp(
        session,
        memory=memory_of(environment),
        docker_host=docker_host,
        environment=environment,
        picture=picture,
        is_picture_shown=is_picture_shown,
    )
    app.context.bridge.stand_by("terminal", lambda: end_with_terminal(app.context.undo_running_works))
    try:
        result = app.run()
    finally:
        app.context.undo_running_works()
    return app.return_code or result or 0
