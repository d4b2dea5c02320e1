"""What the engine told of an environment's containers, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on

from previewer.domain.engine.examination import EngineHappening
from previewer.present.tables import Column
from previewer.tui.context import AppContext
from previewer.tui.messages import EventsRead
from previewer.tui.present.events import event_lines, fit_event_columns
from previewer.tui.present.tables import longest_cells
from previewer.tui.widgets.panel import TablePanel
from previewer.tui.widgets.rows_table import Row


class EventsPanel(TablePanel):
    """Starts, ends and health: the ledger has what previewer did, and drift what was done by hand."""

    TAB: ClassVar[str] = "events"
    KEYS: ClassVar[tuple[str, ...]] = ("back", "logs", "history", "drift", "retry", "menu")
    LOOK_EVERY: ClassVar[float | None] = 5.0
    """A container's end changes the environment, which asks at once; health that comes back does not always."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(
            context, name="events", asking="asking the engine …", nothing="the engine remembers nothing of it"
        )
        self._events: tuple[EngineHappening, ...] | None = None

    def ask(self) -> None:
        """Ask the engine."""
        if self.environment is not None:
            self.context.detail_queries.read_events(self.environment, self)

    @on(EventsRead)
    def events_read(self, message: EventsRead) -> None:
        """It answered."""
        message.stop()
        self._events, self.error = message.events, None
        self.draw()

    def columns(self, width: int) -> Sequence[Column]:
        """When, whose, what."""
        return fit_event_columns(width, longest_cells([lines for _key, lines in self.rows() or ()]))

    def rows(self) -> Sequence[Row] | None:
        """An event each."""
        if self._events is None:
            return None
        now = self.context.now()
        return [
            (f"{event.at.isoformat()} {event.action} {event.subject}", event_lines(event, now=now))
            for event in reversed(self._events)
        ]
