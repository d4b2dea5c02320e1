"""What all full screens share: the desk, the picture, and a reason for everything that cannot be done now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Resize
from textual.notifications import SeverityLevel

from previewer.present.safe_text import plain
from previewer.tui.actions import BY_ID, Place, actions_in
from previewer.tui.context import AppContext, AppState
from previewer.tui.request import Request
from previewer.tui.screen_requests import RequestMade, ScreenRequested
from previewer.tui.screens.fitted import FittedScreen
from previewer.tui.widgets.bars import KeyBar
from previewer.tui.widgets.lines import LineInput


class PreviewerScreen(FittedScreen[None]):
    """A screen that redraws itself whenever the picture, an operation or the theme changes."""

    PLACE = Place.EVERYWHERE

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context

    @property
    def app_state(self) -> AppState:
        """What is known now."""
        found: object = getattr(self.app, "app_state", None)
        return found if isinstance(found, AppState) else AppState()

    def on_mount(self) -> None:
        """Draw once, then on every change."""
        self.watch(self.app, "app_state", self.draw, init=False)
        self.watch(self.app, "work_pulse", self.draw, init=False)
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.theme_changed())
        self.call_after_refresh(self.draw)

    def on_resize(self, _event: Resize) -> None:
        """What fits is another now: drawn before the frame, so that the first one already says something."""
        self.draw()
        self.call_after_refresh(self.draw)

    def on_descendant_focus(self) -> None:
        """Other keys matter while a line is typed."""
        if self.is_drawable:
            self.draw_keys()

    @property
    def width(self) -> int:
        """In cells; before the first layout, what it is going to be."""
        return self.size.width or self.app.size.width

    @property
    def visible_containers(self) -> tuple[str, ...]:
        """The names of the running containers whose usage is shown here now."""
        return ()

    def usage_changed(self) -> None:
        """There are new samples."""

    @property
    def keys(self) -> Sequence[str]:
        """The actions that matter here, by their ids, most important first."""
        return ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything now: before it is laid out, and once it goes, it has no widgets."""
        return super().check_action(action, parameters) if self.is_mounted and self.children else False

    def target_of(self, action: str) -> str:
        """The Textual action in the namespace of who has it: this screen or the application."""
        wanted = BY_ID[action]
        return f"{'screen' if hasattr(self, wanted.handler) else 'app'}.{wanted.method}"

    def request(self, verb: str) -> Request | None:
        """The job of this verb for what is under the cursor; nothing where there is nothing to do it to."""
        del verb
        return None

    def action_job(self, verb: str) -> None:
        """Ask to do it: the application shows what would happen first."""
        if self.is_possible(verb) and (request := self.request(verb)) is not None:
            self.post_message(RequestMade(request))

    def action_jobs(self) -> None:
        """To the operations that were started here."""
        self.post_message(ScreenRequested.jobs())

    def draw_keys(self) -> None:
        """Those of them that can be taken now: what is typed into a line takes none."""
        possible = [name for name in self.keys if self.disabled_reason(name) is None]
        is_typing = isinstance(self.focused, LineInput)
        self.query_one(KeyBar).show_actions(("back",) if is_typing else possible, is_typing=is_typing)

    def on_screen_resume(self) -> None:
        """Something may have happened while another screen was in front."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Show what is known now; nothing before there is a terminal to show it in, or once the screen goes."""
        if self.is_drawable:
            self.paint()

    @property
    def is_drawable(self) -> bool:
        """Whether its widgets are there; they go before the screen does."""
        return self.is_attached and self.is_mounted and bool(self.size.width and self.query(KeyBar))

    def paint(self) -> None:
        """Show what is known now. Must be cheap where nothing has changed."""

    def time_passed(self) -> None:
        """Ages are others now."""
        self.draw()

    def theme_changed(self) -> None:
        """Cells hold colours, so they are painted again."""
        self.draw()

    def disabled_reason(self, action: str) -> str | None:
        """Why this action cannot be taken now, as the end of a sentence; ``None`` where it can."""
        del action
        return None

    def is_possible(self, action: str) -> bool:
        """Whether an action can be taken; tells the user why where it cannot."""
        reason = self.disabled_reason(action)
        if reason is not None:
            self.tell(reason, severity="warning")
        return reason is None

    def menu_items(self) -> tuple[tuple[str, str | None], ...]:
        """The actions of this place, each with the reason against it."""
        return tuple((action.id, self.disabled_reason(action.id)) for action in actions_in(self.PLACE))

    def tell(self, message: str, *, title: str = "", severity: SeverityLevel = "information") -> None:
        """A notification, as plain text."""
        self.app.notify(plain(message), title=plain(title), severity=severity, markup=False)

    def action_back(self) -> None:
        """One layer out."""
        self.close()

    def close(self) -> None:
        """Leave it, if it is in front: a second key may have come before the first one was answered."""
        if self.is_active:
            self.app.pop_screen()
