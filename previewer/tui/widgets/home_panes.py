"""Panes of the home screen: cards for production, staging and parity; what is under the cursor."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.events import Click
from textual.timer import Timer

from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import OverviewRow
from previewer.domain.naming import environment_name
from previewer.tui.clicks import clicked_key, widget_at
from previewer.tui.context import AppContext, AppState
from previewer.tui.detail_queries import GlanceRead, QuestionFailed
from previewer.tui.glance import Glance, GlanceScope, key_of
from previewer.tui.present.cards import cards
from previewer.tui.present.glances import glance_lines
from previewer.tui.present.pinned import PINNED_ROLES, parity_strip, pinned_lines
from previewer.tui.present.text import to_content
from previewer.tui.screen_requests import ScreenRequested
from previewer.tui.widgets.lines import LinesView
from previewer.tui.widgets.text_block import TextBlock

LOOK_EVERY = 10.0
"""Seconds between two looks at the same row."""
REST = 0.2
"""Seconds that the cursor rests on a row before it is looked at."""


CARDS_FROM = 106
"""Cells from which on they are cards; below a line each."""
CARDS_HEIGHT = 30
"""Lines of a terminal in which they leave enough for the rows."""


class RoleCards(Container):
    """Three cards side by side, or three lines."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(id="roles")
        self.context = context

    def compose(self) -> ComposeResult:
        """One widget each."""
        with Horizontal(id="cards"):
            for number in range(3):
                yield TextBlock(id=f"card-{number}", classes="card", markup=False)
        yield TextBlock(id="pinned", markup=False)

    def on_click(self, event: Click) -> None:
        """Into the environment of a card, or to the comparison; a key in it is pressed."""
        if clicked_key(event, self.screen) is not None:
            return
        clicked = widget_at(event, self.screen)
        name = clicked.id or "" if clicked is not None else ""
        at = int(name.removeprefix("card-")) if name.startswith("card-") else None
        if clicked is not None and name == "pinned" and (offset := event.get_content_offset(clicked)) is not None:
            at = offset.y
        if at is not None:
            event.stop()
            self._open(at)

    def _open(self, number: int) -> None:
        """What a card, or a line, is about."""
        state = getattr(self.app, "app_state", AppState())
        if number >= len(PINNED_ROLES):
            self.post_message(ScreenRequested.parity())
            return
        role = PINNED_ROLES[number]
        running = next((e.name for e in state.environments or () if e.role is role), None)
        if running is not None or role in state.role_attempts:
            name = running or environment_name(self.context.session.project, role.value)
            self.post_message(ScreenRequested.environment(name, tab="overview" if running else "logs"))

    def draw(self, state: AppState) -> None:
        """Show how they are now."""
        context, screen = self.context, self.app.size
        has_room = screen.width >= CARDS_FROM and screen.height >= CARDS_HEIGHT
        has_cards = has_room and not context.memory.preferences.is_compact
        self.query_one("#cards").display = has_cards
        strip = self.query_one("#pinned", TextBlock)
        strip.display = not has_cards
        now, key_of = context.now(), context.key_of
        if has_cards:
            width = max(10, screen.width // 3 - 5)
            shown = cards(state, now=now, width=width, key_of=key_of, usage_of=context.usage_of)
            for number, card in enumerate(shown):
                widget = self.query_one(f"#card-{number}", TextBlock)
                widget.entitle(card.title)
                widget.put(to_content(*card.lines))
            return
        width = max(20, screen.width - 4)
        lines = pinned_lines(state, now=now, width=width, up_key=key_of("up"))
        strip.put(to_content(*lines, *parity_strip(state, width=width, key=key_of("parity"))))


class GlancePane(LinesView):
    """Looks at a row once the cursor rests on it."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(name="glance")
        self.context = context
        self._row: OverviewRow | None = None
        self._glance: Glance | None = None
        self._scope = GlanceScope()
        self._resting: Timer | None = None
        self._looked_at = 0.0

    @property
    def is_at_rest(self) -> bool:
        """Whether no look at the row is about to be asked for."""
        return self._resting is None

    def look_at(self, row: OverviewRow | None, state: AppState) -> None:
        """Show a row; look closer where it is another one, or another environment than before."""
        scope = _scope_of(state)
        is_other = row != self._row or scope != self._scope
        self._row, self._scope = row, scope
        if row is not None and is_other:
            if self._glance is not None and self._glance.key != key_of(row):
                self._glance = None
            self.look_again()
        self.draw(state)

    def time_passed(self, state: AppState) -> None:
        """There may be new log lines by now."""
        if self._row is not None and self._row.environment is not None:
            self.draw(state)
            if self.context.monotonic() - self._looked_at >= LOOK_EVERY:
                self.look_again()

    def look_again(self) -> None:
        """Ask once the cursor rests."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self._ask)

    def draw(self, state: AppState) -> None:
        """Show what is known now."""
        if not self.display or not self.size.width:
            return
        row = self._row
        if row is None:
            self.show(())
            return
        context = self.context
        lines = glance_lines(
            row,
            state,
            self._glance,
            now=context.now(),
            width=max(20, self.scrollable_content_region.width),
            key_of=context.key_of,
            usage_of=context.usage.of,
        )
        self.show(lines)

    @on(GlanceRead)
    def glance_read(self, message: GlanceRead) -> None:
        """It was looked at."""
        message.stop()
        if self._row is not None and message.glance.key == key_of(self._row):
            self._glance = message.glance
            state = getattr(self.app, "app_state", None)
            if isinstance(state, AppState):
                self.draw(state)

    @on(QuestionFailed)
    def glance_failed(self, message: QuestionFailed) -> None:
        """What the row itself says is there all the same."""
        message.stop()

    def _ask(self) -> None:
        self._resting, self._looked_at = None, self.context.monotonic()
        if self._row is None or not self.display:
            return
        self.context.detail_queries.read_glance(self._row, self._scope, self)


def _scope_of(state: AppState) -> GlanceScope:
    default = state.view.default
    tip = next((branch.commit for branch in state.branches or () if branch.name == default), None)
    production = next((e for e in state.environments or () if e.role is Role.PRODUCTION), None)
    return GlanceScope(tip, production)
