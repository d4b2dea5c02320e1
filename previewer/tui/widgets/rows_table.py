"""A table of rows with stable keys: it paints only rows in sight, and the cursor stays on its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.binding import Binding, BindingType
from textual.events import Click, Leave, MouseMove, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from previewer.present.safe_text import plain
from previewer.present.tables import CELL_PADDING, Column
from previewer.tui.actions import bindings
from previewer.tui.present.tables import CellPainter
from previewer.tui.present.text import Line, cut

Row = tuple[str, Mapping[str, Line]]
"""Its key, and its lines by column."""
LinesOf = Callable[[str], Mapping[str, Line]]
"""The lines of the row with a key, by column."""
HEADER_HEIGHT = 1
PADDING = Segment(" " * CELL_PADDING)


class RowsTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows to move about in. ``enter`` is left to the screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--header", "rows--cursor", "rows--hover"}
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("cursor-down", "cursor-up", "cursor-top", "cursor-bottom", "half-page-down", "half-page-up")),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]

    class TableMessage(Message):
        """Something happened to ``table``."""

        def __init__(self, table: RowsTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> RowsTable:
            """For selectors of ``on``."""
            return self.table

    class RowHighlighted(TableMessage):
        """The cursor stands on another row."""

    class RowSelected(TableMessage):
        """The row under the cursor was clicked."""

    class HeaderSelected(TableMessage):
        """The title of a column was clicked."""

        def __init__(self, table: RowsTable, column: str) -> None:
            super().__init__(table)
            self.column = column

    def __init__(self, *, name: str) -> None:
        super().__init__(id=name)
        self.cursor_row = 0
        self._hovered: int | None = None
        self._columns: tuple[Column, ...] = ()
        self._keys: tuple[str, ...] = ()
        self._lines_of: LinesOf = lambda _key: {}
        self._painted: dict[str, Mapping[str, Line]] = {}
        """What the rows in sight show, by key."""
        self._painter: CellPainter | None = None

    @property
    def selected_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._keys[self.cursor_row] if self.cursor_row < len(self._keys) else None

    @property
    def row_keys(self) -> tuple[str, ...]:
        """The keys of all rows, in order."""
        return self._keys

    @property
    def keys_in_sight(self) -> tuple[str, ...]:
        """Those of the rows that are scrolled to."""
        first = round(self.scroll_y)
        return self._keys[first : first + max(1, self.size.height - HEADER_HEIGHT)]

    def show(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Make the table look so."""
        lines = dict(rows)
        self.show_lazily(columns, tuple(lines), lines.__getitem__)

    def show_lazily(self, columns: Sequence[Column], keys: Sequence[str], lines_of: LinesOf) -> None:
        """Make the table look so; only what is in sight is asked for, and only what changed is painted.

        Without rows it is hidden, and so loses the focus; with the first ones it takes what nothing else has.
        """
        if keys:
            self.styles.clear_rule("display")  # whether it is shown then is the style sheet's to say
        else:
            self.display = False
        if keys and self.focusable and self.screen.focused is None:
            self.screen.set_focus(self)
        selected, before, self._lines_of = self.selected_key, self._keys, lines_of
        is_same = tuple(columns) == self._columns and tuple(keys) == before
        self._columns, self._keys = tuple(columns), tuple(keys)
        if is_same:
            self._repaint_changed()
            return
        self._painted.clear()
        self.virtual_size = Size(self.size.width, len(keys) + HEADER_HEIGHT)
        if self._keys != before:
            row = self._keys.index(selected) if selected in set(self._keys) else self.cursor_row
            self.cursor_row = min(row, max(0, len(self._keys) - 1))
            self._scroll_to_cursor()
        self.refresh()
        if self._keys and self.selected_key != selected:
            self.post_message(self.RowHighlighted(self))

    def repaint(self) -> None:
        """Paint every cell again: the theme has changed."""
        self._painter = None
        self.refresh()

    def select(self, key: str) -> None:
        """Move the cursor to the row with this key, if there is one."""
        if key in self._keys:
            self.move_cursor(self._keys.index(key))

    def move_cursor(self, row: int) -> None:
        """Move the cursor to a row, or as far as there are rows."""
        row = max(0, min(row, len(self._keys) - 1))
        if row != self.cursor_row:
            self._refresh_rows(self.cursor_row, row)
            self.cursor_row = row
            self.post_message(self.RowHighlighted(self))
        self._scroll_to_cursor()

    def action_cursor_down(self) -> None:
        """To the next row."""
        self.move_cursor(self.cursor_row + 1)

    def action_cursor_up(self) -> None:
        """To the row before."""
        self.move_cursor(self.cursor_row - 1)

    def action_cursor_top(self) -> None:
        """To the first row."""
        self.move_cursor(0)

    def action_cursor_bottom(self) -> None:
        """To the last row."""
        self.move_cursor(len(self._keys) - 1)

    def action_half_page_down(self) -> None:
        """Half a page down."""
        self.move_cursor(self.cursor_row + max(1, self._page // 2))

    def action_half_page_up(self) -> None:
        """Half a page up."""
        self.move_cursor(self.cursor_row - max(1, self._page // 2))

    def action_page_down(self) -> None:
        """A page down."""
        self.move_cursor(self.cursor_row + self._page)

    def action_page_up(self) -> None:
        """A page up."""
        self.move_cursor(self.cursor_row - self._page)

    def on_click(self, event: Click) -> None:
        """The cursor goes there; a click where it is already selects the row, one on a title the column."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row = self._row_at(offset.y)
        if row is None:
            if offset.y < HEADER_HEIGHT and (column := self._column_at(offset.x)) is not None:
                self.post_message(self.HeaderSelected(self, column.key))
        elif row == self.cursor_row:
            self.post_message(self.RowSelected(self))
        else:
            self.move_cursor(row)

    def on_mouse_move(self, event: MouseMove) -> None:
        """The row below the pointer is marked."""
        offset = event.get_content_offset(self)
        self._hover(None if offset is None else self._row_at(offset.y))

    def on_leave(self, _event: Leave) -> None:
        """The pointer is elsewhere."""
        self._hover(None)

    def on_resize(self, _event: Resize) -> None:
        """The cursor stays in sight."""
        self.virtual_size = Size(self.size.width, len(self._keys) + HEADER_HEIGHT)
        self._scroll_to_cursor()

    def render_line(self, y: int) -> Strip:
        """The titles, which stay at the top, or a row."""
        width = self.scrollable_content_region.width
        if y < HEADER_HEIGHT:
            style = self.get_component_rich_style("rows--header")
            return Strip(self._titles(style)).apply_style(style).adjust_cell_length(width, style)
        row = self._row_at(y)
        if row is None:
            return Strip.blank(width, self.rich_style)
        is_cursor = row == self.cursor_row
        name = "cursor" if is_cursor else "hover" if row == self._hovered else ""
        style = self.get_component_rich_style(f"rows--{name}") if name else self.rich_style
        lines = self._painted[self._keys[row]] = self._lines_of(self._keys[row])
        segments = [part for column in self._columns for part in self._cell(column, lines)]
        if is_cursor and style.reverse:  # in colours of its own every cell would be a box
            segments = [Segment(segment.text) for segment in segments]
        return Strip(segments).apply_style(style).adjust_cell_length(width, style)

    @property
    def _page(self) -> int:
        return max(1, self.size.height - HEADER_HEIGHT)

    def _row_at(self, y: int) -> int | None:
        row = y - HEADER_HEIGHT + round(self.scroll_y)
        return row if y >= HEADER_HEIGHT and row < len(self._keys) else None

    def _column_at(self, x: int) -> Column | None:
        end = 0
        for column in self._columns:
            end += column.width + 2 * CELL_PADDING
            if x < end:
                return column
        return None

    def _scroll_to_cursor(self) -> None:
        top = round(self.scroll_y)
        wanted = min(self.cursor_row, max(top, self.cursor_row + 1 - self._page))
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, immediate=True)

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            self._refresh_rows(*(one for one in (row, self._hovered) if one is not None))
            self._hovered = row

    def _refresh_rows(self, *rows: int) -> None:
        for row in rows:
            self.refresh_line(row + HEADER_HEIGHT)

    def _repaint_changed(self) -> None:
        in_sight = self.keys_in_sight
        for number, key in enumerate(in_sight, round(self.scroll_y)):
            if self._painted.get(key) != self._lines_of(key):
                self._refresh_rows(number)
        self._painted = {key: self._painted[key] for key in in_sight if key in self._painted}

    def _titles(self, style: RichStyle) -> list[Segment]:
        found: list[Segment] = []
        for column in self._columns:
            title = cut(plain(column.title), column.width)
            room = " " * (column.width - len(title))
            found += [PADDING, Segment(room + title if column.align_right else title + room, style), PADDING]
        return found

    def _cell(self, column: Column, lines: Mapping[str, Line]) -> list[Segment]:
        if self._painter is None:
            self._painter = CellPainter(self.app.theme_variables)
        text = self._painter.cell(lines.get(column.key, ()), width=column.width)
        room = [Segment(" " * (column.width - text.cell_len))]
        shown = list(text.render(self.app.console))
        return [PADDING, *(room + shown if column.align_right else shown + room), PADDING]
