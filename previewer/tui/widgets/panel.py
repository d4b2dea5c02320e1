"""A tab of an environment's screen that asks for its own content while it is in front."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Vertical
from textual.events import Resize
from textual.widget import Widget

from previewer.domain.environment import Environment
from previewer.tui.desk import Desk
from previewer.tui.present.columns import Column
from previewer.tui.widgets.rows_table import Row, RowsTable


class Panel(Vertical):
    """Hidden until its tab is chosen. Answers come to the panel itself."""

    def __init__(self, desk: Desk, *, name: str) -> None:
        super().__init__(id=name)
        self.desk = desk
        self.display = False
        self._environment: Environment | None = None

    @property
    def target(self) -> Widget:
        """What gets the focus."""
        raise NotImplementedError

    @property
    def environment(self) -> Environment | None:
        """As it was last seen; ``None`` while the tab is not in front."""
        return self._environment

    def open(self, environment: Environment) -> None:
        """The tab was chosen."""
        self._environment = environment
        self.display = True
        self.ask()
        self.draw()

    def renew(self, environment: Environment) -> None:
        """The environment may be another by now; asks again only if it is."""
        before, self._environment = self._environment, environment
        if before != environment:
            self.ask()

    def close(self) -> None:
        """Another tab was chosen, or the screen goes."""
        self._environment = None
        self.display = False

    def ask(self) -> None:
        """Ask for what is shown."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show what is known."""
        raise NotImplementedError

    def show_rows(self, table: RowsTable, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Show them; a table without rows is hidden, and takes the focus when it comes back."""
        table.show(columns, rows)
        was_shown = table.display
        table.display = bool(rows)
        if rows and not was_shown and self.display:
            self.call_after_refresh(table.focus)

    def repaint(self) -> None:
        """The theme has changed."""
        self.draw()

    def on_resize(self, _event: Resize) -> None:
        """Other widths."""
        if self.display:
            self.call_after_refresh(self.draw)
