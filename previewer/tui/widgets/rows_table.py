"""A table of rows with stable keys: what changed is updated in place, and the cursor stays on its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from previewer.present.safe_text import plain
from previewer.present.tables import Column
from previewer.tui.actions import bindings
from previewer.tui.present.tables import CellPainter
from previewer.tui.present.text import Line, cut

Row = tuple[str, Mapping[str, Line]]
"""Its key, and its lines by column."""


class RowsTable(DataTable[Text], inherit_bindings=False):
    """Rows to move about in. ``enter`` is left to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("cursor-down", "cursor-up", "cursor-top", "cursor-bottom", "half-page-down", "half-page-up")),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]

    def __init__(self, *, name: str) -> None:
        super().__init__(id=name, cursor_type="row", zebra_stripes=False, cursor_foreground_priority="renderable")
        self._columns_shown: tuple[Column, ...] = ()
        self._rows_shown: dict[str, Mapping[str, Line]] = {}
        self._painter: CellPainter | None = None

    @property
    def selected_key(self) -> str | None:
        """The key of the row under the cursor."""
        keys = list(self._rows_shown)
        return keys[self.cursor_row] if 0 <= self.cursor_row < len(keys) else None

    @property
    def row_keys(self) -> tuple[str, ...]:
        """The keys of all rows, in order."""
        return tuple(self._rows_shown)

    def show(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Make the table look so. Where only cells changed, only these are updated.

        Without rows it is hidden, and so loses the focus; with the first ones it takes what nothing else has.
        """
        wanted = dict(rows)
        if wanted:
            self.styles.clear_rule("display")  # whether it is shown then is the style sheet's to say
        else:
            self.display = False
        if wanted and self.focusable and self.screen.focused is None:
            self.screen.set_focus(self)
        if self._painter is not None and tuple(columns) == self._columns_shown:
            if list(wanted) == list(self._rows_shown):
                self._update_cells(wanted)
                return
            self._rebuild(columns, wanted, is_other_columns=False)
            return
        self._rebuild(columns, wanted, is_other_columns=True)

    def repaint(self) -> None:
        """Paint every cell again: the theme has changed."""
        self._painter = None
        self.show(self._columns_shown, tuple(self._rows_shown.items()))

    def select(self, key: str) -> None:
        """Move the cursor to the row with this key, if there is one."""
        if key in self._rows_shown:
            self.move_cursor(row=list(self._rows_shown).index(key), animate=False)

    def action_cursor_top(self) -> None:
        """To the first row."""
        self.move_cursor(row=0, animate=False)

    def action_cursor_bottom(self) -> None:
        """To the last row."""
        self.move_cursor(row=self.row_count - 1, animate=False)

    def action_half_page_down(self) -> None:
        """Half a page down."""
        self.move_cursor(row=self.cursor_row + self._half_page, animate=False)

    def action_half_page_up(self) -> None:
        """Half a page up."""
        self.move_cursor(row=max(0, self.cursor_row - self._half_page), animate=False)

    @property
    def _half_page(self) -> int:
        return max(1, (self.size.height - self.header_height) // 2)

    def _rebuild(
        self, columns: Sequence[Column], wanted: dict[str, Mapping[str, Line]], *, is_other_columns: bool
    ) -> None:
        selected, row, offset = self.selected_key, self.cursor_row, self.scroll_y
        with self.app.batch_update(), self.prevent(DataTable.RowHighlighted):
            self.clear(columns=is_other_columns)
            self._columns_shown = tuple(columns)
            if is_other_columns:
                self._painter = CellPainter(self.app.theme_variables)
                for column in columns:
                    name = cut(plain(column.title), column.width)
                    title = Text(name, justify="right" if column.align_right else "left", end="")
                    self.add_column(title, width=column.width, key=column.key)
            self._rows_shown = wanted
            for key, lines in wanted.items():
                self.add_row(*(self._cell(column, lines) for column in columns), key=key)
            if selected in wanted:
                row = list(wanted).index(selected)
            self.scroll_to(y=offset, animate=False, immediate=True)
            self.move_cursor(row=min(row, max(0, len(wanted) - 1)), animate=False)
        if self.row_count and self.selected_key != selected:
            self.post_message(
                DataTable.RowHighlighted(self, self.cursor_row, self.ordered_rows[self.cursor_row].key)
            )

    def _update_cells(self, wanted: dict[str, Mapping[str, Line]]) -> None:
        for key, lines in wanted.items():
            before = self._rows_shown[key]
            if before == lines:
                continue
            for column in self._columns_shown:
                if before.get(column.key, ()) != lines.get(column.key, ()):
                    self.update_cell(key, column.key, self._cell(column, lines))
        self._rows_shown = wanted

    def _cell(self, column: Column, lines: Mapping[str, Line]) -> Text:
        if self._painter is None:
            self._painter = CellPainter(self.app.theme_variables)
        pieces = lines.get(column.key, ())
        return self._painter.cell(pieces, width=column.width, align_right=column.align_right)
