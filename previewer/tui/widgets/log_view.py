"""A log that stays where the reader is: scrolled up it holds new lines back and counts them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace
from rich.cells import cell_len
from rich.style import Style as RichStyle
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Log

from previewer.engine.protocol import LogLine
from previewer.present.safe_text import plain, plain_log
from previewer.present.values import Tone
from previewer.tui.actions import bindings
from previewer.tui.log_rings import MOST_LINES, LogRings, TimedLine
from previewer.tui.present.log_levels import level_tone
from previewer.tui.present.logs import (
    FOLD_SIGN,
    WIDEST_SERVICE,
    LogShape,
    folded,
    matches,
    rows_of,
    whole_text,
)
from previewer.tui.present.tables import CellPainter
from previewer.tui.present.text import cut
from previewer.tui.tracebacks import Traceback

_SERVICE_TONES = (Tone.ACCENT, Tone.GOOD, Tone.WARN, Tone.BUSY)


@dataclass(slots=True)
class _Written:
    """A line that is on the screen, in so many rows."""

    line: TimedLine
    rows: int


class LogView(Log, inherit_bindings=False):
    """Shows log lines in a shape: of one service or all, filtered, wrapped, with times."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("cursor-down", "cursor-up", "cursor-top", "cursor-bottom", "half-page-down", "half-page-up")),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("left", "scroll_left", "Left", show=False),
        Binding("right", "scroll_right", "Right", show=False),
    ]

    class Changed(Message):
        """What the badge shows has changed: following, lines held back, lines shown."""

    def __init__(self, *, name: str) -> None:
        super().__init__(id=name, highlight=False, max_lines=None, auto_scroll=False)
        self._rings = LogRings()
        self._held: list[TimedLine] = []
        self._written: list[_Written] = []
        self._shape = LogShape()
        self._folded: set[Traceback] = set()
        """The tracebacks that are on the screen as one line."""
        self._is_rebuilding = False
        self._painter: CellPainter | None = None
        self.service_styles: dict[str, Tone] = {}
        """Styles by service, as its name is written in its column."""
        self.is_following = True
        self.shown_count = 0
        """Log lines that match the shape and are on the screen."""

    @property
    def shape(self) -> LogShape:
        """What is shown, and how."""
        return self._shape

    @property
    def held_count(self) -> int:
        """Lines that have come since following was paused."""
        return sum(map(self._shows, self._held))

    @property
    def entries(self) -> Sequence[LogLine]:
        """The kept lines that match the shape, by time."""
        lines = self._rings.lines(self._shape.service)
        return [line.entry for line in lines if self._shows(line)]

    def add(self, entries: Sequence[LogLine]) -> None:
        """Take in new lines; while paused they are only counted."""
        lines = self._rings.add(entries)
        if self.is_following:
            self._write(lines)
        else:
            self._held.extend(lines)
            del self._held[:-MOST_LINES]
        self.post_message(self.Changed())

    def colour(self, services: Sequence[str]) -> None:
        """Give each service its colour, by its place among all: whichever writes first."""
        service_styles = {
            name: _SERVICE_TONES[number % len(_SERVICE_TONES)] for number, name in enumerate(services)
        }
        self.service_styles = {cut(plain(name), WIDEST_SERVICE): style for name, style in service_styles.items()}
        self._render_line_cache.clear()

    def forget(self) -> None:
        """Drop every line: the log of another environment follows."""
        self._rings.clear()
        self._rebuild()

    def reshape(self, shape: LogShape) -> None:
        """Show other lines, or the same ones in another way; goes to the end and follows."""
        if shape != self._shape:
            self._shape = shape
            self._rebuild()

    def toggle_tracebacks(self) -> None:
        """Show tracebacks whole, or as one line each; who reads above the end stays there."""
        top = None if self.is_following else self._line_at_top
        self.reshape(replace(self._shape, shows_whole=not self._shape.shows_whole))
        if top is not None:
            self.pause()
            self.scroll_to(y=self._row_of(top), animate=False, immediate=True)

    def follow(self) -> None:
        """Go to the end and stay there."""
        held, self._held = sorted(self._held, key=lambda line: line.at), []
        self.is_following = True
        self._write(held)
        self.post_message(self.Changed())

    def pause(self) -> None:
        """Stay here."""
        self.is_following = False
        self.post_message(self.Changed())

    def last_text(self, service: str) -> str:
        """The last line of a service, as it is shown; empty where it has written nothing."""
        lines = self._rings.lines(service)
        return plain_log(lines[-1].entry.text).strip() if lines else ""

    def jump(self, step: int) -> None:
        """Scroll to the next line, or the one before, in which the search was found; begins again at the end."""
        pattern = self._shape.pattern
        if pattern is None:
            return
        start, top = self._shape.text_start, round(self.scroll_y)
        found = [number for number, row in enumerate(self._lines) if pattern.search(row, start)]
        after = [number for number in found if (number > top if step > 0 else number < top)]
        if found:
            self.pause()
            self.scroll_to(
                y=(after[0] if step > 0 else after[-1]) if after else found[min(0, step)], animate=False
            )

    def text(self) -> str:
        """The shown lines, whole, to copy or save."""
        return whole_text(self.entries)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling up pauses, coming back to the end follows again."""
        super().watch_scroll_y(old_value, new_value)
        if self._is_rebuilding:
            return
        if self.is_following and new_value < old_value and not self.is_vertical_scroll_end:
            self.pause()
        elif not self.is_following and new_value > old_value and self.is_vertical_scroll_end:
            self.follow()

    def on_resize(self, event: Resize) -> None:
        """Wrapped lines break elsewhere, and the end is elsewhere."""
        if self._shape.is_wrapped and self._shape.width != self._text_room:
            self._shape = replace(self._shape, width=self._text_room)
            self._rebuild()
        elif self.is_following:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        del event

    def notify_style_update(self) -> None:
        """The theme's colours may have changed."""
        super().notify_style_update()
        self._painter = None

    def action_cursor_down(self) -> None:
        """One line down."""
        self.scroll_relative(y=1, animate=False)

    def action_cursor_up(self) -> None:
        """One line up."""
        self.scroll_relative(y=-1, animate=False)

    def action_cursor_top(self) -> None:
        """To the first line."""
        self.scroll_to(y=0, animate=False)

    def action_cursor_bottom(self) -> None:
        """To the end, following."""
        self.follow()

    def action_half_page_down(self) -> None:
        """Half a page down."""
        self.scroll_relative(y=max(1, self.size.height // 2), animate=False)

    def action_half_page_up(self) -> None:
        """Half a page up."""
        self.scroll_relative(y=-max(1, self.size.height // 2), animate=False)

    @property
    def _text_room(self) -> int:
        return self.scrollable_content_region.width

    def _shows(self, line: TimedLine) -> bool:
        return matches(line.entry, self._shape, is_traceback=line.traceback is not None)

    @property
    def _line_at_top(self) -> TimedLine | None:
        row = 0
        for written in self._written:
            row += written.rows
            if row > self.scroll_y:
                return written.line
        return None

    def _row_of(self, line: TimedLine) -> int:
        """The row of a line, or of the traceback that it belongs to."""
        row = 0
        for written in self._written:
            of_same = line.traceback is not None and written.line.traceback is line.traceback
            if written.line is line or of_same:
                break
            row += written.rows
        return row

    def _rebuild(self) -> None:
        self._is_rebuilding = True
        self._held.clear()
        self.shown_count = 0
        self.is_following = True
        self.clear()
        self._shape = replace(self._shape, width=self._text_room)
        self._written.clear()
        self._folded.clear()
        self._write(self._rings.lines(self._shape.service)[-MOST_LINES:])
        self._is_rebuilding = False
        self.post_message(self.Changed())

    def _write(self, lines: Sequence[TimedLine]) -> None:
        """Write them below what is there; what is younger than the first of them is written again, after it.

        So is a traceback that goes on, with all that stands below it.
        """
        shown = [line for line in lines if self._shows(line)]
        self.shown_count += len(shown)
        if shown:
            shown = sorted([*self._take_from(self._first_changed(shown)), *shown], key=lambda line: line.at)
            written: list[str] = []
            for line in self._fold(shown):
                rows = [row or " " for row in rows_of(self._as_shown(line), self._shape)]
                self._written.append(_Written(line, len(rows)))
                written += rows
            self._width = max(self._width, *map(cell_len, written))
            self.write_lines(written, scroll_end=False)
            self._drop_oldest()
        self.scroll_end(animate=False, immediate=True, x_axis=False)

    def _first_changed(self, lines: Sequence[TimedLine]) -> int:
        """Where the screen changes with these: services are read one by one."""
        start = bisect_right(self._written, lines[0].at, key=lambda written: written.line.at)
        growing = self._folded.intersection(line.traceback for line in lines if line.traceback)
        for number in range(len(self._written) - 1, -1, -1):
            if not growing:
                break
            if (found := self._written[number].line.traceback) in growing:
                growing.discard(found)
                start = min(start, number)
        return start

    def _fold(self, lines: Sequence[TimedLine]) -> Iterator[TimedLine]:
        """Of each traceback the first line only, where it is shown as one."""
        seen: set[Traceback] = set()
        for line in lines:
            if line.traceback is None or not self._shape.folds:
                yield line
            elif line.traceback not in seen:
                seen.add(line.traceback)
                self._folded.add(line.traceback)
                yield line

    def _as_shown(self, line: TimedLine) -> LogLine:
        found = line.traceback
        if found is None or found.count == 1 or not self._shape.folds:
            return line.entry
        return folded(line.entry, shown=found.shown, count=found.count)

    def _take_from(self, start: int) -> list[TimedLine]:
        """Take off the screen what was written from there on."""
        younger = self._written[start:]
        if younger:
            del self._written[start:]
            del self._lines[len(self._lines) - sum(written.rows for written in younger) :]
            self._render_line_cache.clear()
        return [written.line for written in younger]

    def _drop_oldest(self) -> None:
        if len(self._lines) > 2 * MOST_LINES:
            count, dropped = 0, 0
            while dropped < len(self._lines) - MOST_LINES:
                dropped += self._written[count].rows
                count += 1
            del self._written[:count]
            del self._lines[:dropped]
            self._render_line_cache.clear()
            self.virtual_size = self.virtual_size.with_height(len(self._lines))

    def _update_size(self, updates: int, lines: list[str]) -> None:  # type: ignore[override]
        # Textual measures in a worker of asyncio's pool; the width is known here, and no thread is needed.
        del updates, lines

    def _render_line_strip(self, y: int, rich_style: RichStyle) -> Strip:
        selection = self.text_selection
        if selection is None and y in self._render_line_cache:
            return self._render_line_cache[y]
        row = self._lines[y]
        text = Text(row, no_wrap=True, end="")
        text.stylize(rich_style)
        self._paint(text, row)
        if selection is not None and (span := selection.get_span(y)) is not None:
            start, end = span
            chosen = self.screen.get_component_rich_style("screen--selection")
            text.stylize(chosen, start, len(text) if end == -1 else end)
        strip = Strip(text.render(self.app.console), cell_len(row))
        if selection is None:
            self._render_line_cache[y] = strip
        return strip

    def _paint(self, text: Text, row: str) -> None:
        shape = self._shape
        text.stylize(self._style(Tone.QUIET), 0, shape.time_width)
        if shape.service_width:
            name = row[shape.time_width : shape.text_start].split("│")[0].strip()
            text.stylize(
                self._style(self.service_styles.get(name, Tone.ACCENT)), shape.time_width, shape.text_start - 2
            )
            text.stylize(self._style(Tone.QUIET), shape.text_start - 2, shape.text_start)
        is_traceback = row.startswith(FOLD_SIGN, shape.text_start)
        tone = Tone.BAD if is_traceback else level_tone(row[shape.text_start :])
        if tone is not Tone.PLAIN:
            text.stylize(self._style(tone), shape.text_start)
        if shape.pattern is not None and not shape.is_inverted:
            for found in shape.pattern.finditer(row, shape.text_start):
                text.stylize(self._style(Tone.WARN) + RichStyle(reverse=True), *found.span())

    def _style(self, tone: Tone) -> RichStyle:
        if self._painter is None:
            self._painter = CellPainter(self.app.theme_variables)
        return self._painter.style(tone)
