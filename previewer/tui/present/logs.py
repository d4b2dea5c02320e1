"""Log lines as rows of text, and the title over them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len, chop_cells

from previewer.domain.units import counted
from previewer.engine.protocol import LogLine
from previewer.present.safe_text import plain, plain_log
from previewer.present.values import Span, Tone
from previewer.tui.present.log_levels import Level, level_of
from previewer.tui.present.text import Line, cut, cut_line, line, width_of

TIME_WIDTH = len("12:34:56.789 ")
WIDEST_SERVICE = 14
LEAST_TEXT_WIDTH = 20
SEPARATOR = "│ "


class LogShape(Struct, frozen=True, dict=True):
    """Which lines are shown, and how."""

    service: str | None = None
    """Only this one's; ``None`` for all."""
    search: str = ""
    """What is looked for, in whatever case; between slashes it is a regular expression."""
    hides_rest: bool = True
    """Whether only lines are shown in which it was found."""
    is_inverted: bool = False
    """Whether only lines are shown in which it was not found."""
    level: Level = Level.DEBUG
    """Only lines from this level on."""
    shows_whole: bool = False
    """Whether all lines of a traceback are shown, in place of the one that says what happened."""
    is_wrapped: bool = False
    has_times: bool = False
    service_width: int = 8
    """The width of the column with the services' names; 0 hides it."""
    width: int = 80
    """The width of the whole row, in cells: where wrapped lines break."""

    @property
    def folds(self) -> bool:
        """Whether a traceback is one line: a search looks at every line."""
        return not self.shows_whole and self.pattern is None

    @property
    def time_width(self) -> int:
        """The width of the column with the times."""
        return TIME_WIDTH if self.has_times else 0

    @property
    def text_start(self) -> int:
        """The column in which a line's own text begins."""
        prefix = self.service_width + 1 + len(SEPARATOR) if self.service_width else 0
        return self.time_width + prefix

    def for_services(self, names: Sequence[str]) -> LogShape:
        """The shape with a column just wide enough for these services; with none, where only one is shown."""
        widest = max((cell_len(plain(name)) for name in names), default=0)
        return replace(self, service_width=0 if self.service else min(widest, WIDEST_SERVICE))

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """What is looked for; ``None`` for nothing. What is no regular expression is looked for as it is."""
        if not self.search:
            return None
        if len(self.search) > 2 and self.search[0] == self.search[-1] == "/":
            try:
                return re.compile(self.search[1:-1], re.IGNORECASE)
            except re.error:
                pass
        return re.compile(re.escape(self.search), re.IGNORECASE)


FOLD_SIGN = "▸ "
"""Before the line that stands for a traceback."""


def folded(entry: LogLine, *, shown: LogLine, count: int) -> LogLine:
    """The first of ``count`` lines of a traceback as the line that stands for all of them."""
    return replace(entry, text=f"{FOLD_SIGN}{shown.text.strip()}  … {counted(count, 'line')}")


def matches(entry: LogLine, shape: LogShape, *, is_traceback: bool = False) -> bool:
    """Whether the shape shows this line; one of a traceback counts as an error."""
    if shape.service is not None and entry.service != shape.service:
        return False
    if shape.level > Level.DEBUG and not is_traceback and level_of(entry.text) < shape.level:
        return False
    if shape.pattern is None or not (shape.hides_rest or shape.is_inverted):
        return True
    return (shape.pattern.search(plain_log(entry.text)) is not None) is not shape.is_inverted


def rows_of(entry: LogLine, shape: LogShape) -> Iterator[str]:
    """The line's rows: one, or several where it is wrapped. Later rows keep the columns in front empty."""
    prefix = _prefix(entry, shape)
    text = plain_log(entry.text)
    if not shape.is_wrapped:
        yield prefix + text
        return
    width = max(LEAST_TEXT_WIDTH, shape.width - shape.text_start)
    for number, part in enumerate(_chunks(text, width)):
        yield (prefix if number == 0 else _empty_prefix(shape)) + part


def whole_text(entries: Sequence[LogLine]) -> str:
    """Lines as they are copied and saved: times and services in full."""
    parts: list[str] = []
    for entry in entries:
        timestamp = f"{entry.at.isoformat(timespec='milliseconds')} " if entry.at else ""
        parts.append(f"{timestamp}{plain(entry.service)} | {plain_log(entry.text)}\n")
    return "".join(parts)


def _chunks(text: str, width: int) -> list[str]:
    if text.isascii():
        return [text[start : start + width] for start in range(0, max(len(text), 1), width)]
    if cell_len(text) <= width:
        return [text]  # what takes no cell at all would not be cut but lost
    return chop_cells(text, width)


def _prefix(entry: LogLine, shape: LogShape) -> str:
    timestamp = ""
    if shape.has_times:
        timestamp = entry.at.strftime("%H:%M:%S.%f")[:-3] if entry.at else ""
        timestamp = timestamp.ljust(TIME_WIDTH)
    if not shape.service_width:
        return timestamp
    name = cut(plain(entry.service), shape.service_width)
    padding = " " * (shape.service_width - cell_len(name) + 1)
    return f"{timestamp}{name}{padding}{SEPARATOR}"


def _empty_prefix(shape: LogShape) -> str:
    space = " " * shape.time_width
    return f"{space}{' ' * (shape.service_width + 1)}{SEPARATOR}" if shape.service_width else space


def log_title(shape: LogShape, *, width: int, shown: int, held: int, is_following: bool, has_ended: bool) -> Line:
    """One line of at most ``width`` cells; the badge is never cut."""
    badge = _badge(held, is_following=is_following, has_ended=has_ended)
    left = cut_line(_subject(shape, shown, has_ended=has_ended), max(0, width - width_of(badge) - 2))
    gap = " " * max(2, width - width_of(left) - width_of(badge))
    return (*left, Span(gap), *badge)


def _subject(shape: LogShape, shown: int, *, has_ended: bool) -> Line:
    whose = shape.service or "all services"
    relation = "without" if shape.is_inverted else "with" if shape.hides_rest else "around"
    found = line(Span(f" · {counted(shown, 'line')} {relation} “{shape.search}”", Tone.WARN))
    if not shape.search:
        nothing = "nothing was written" if has_ended else "nothing has been written yet"
        found = () if shown else line(Span(f" · {nothing}", Tone.QUIET))
    least = f" · from {shape.level.name.lower()} on" if shape.level > Level.DEBUG else ""
    modes = (
        least,
        " · tracebacks whole" if shape.shows_whole else "",
        " · wrapped" if shape.is_wrapped else "",
        " · times in UTC" if shape.has_times else "",
    )
    return line(Span("Logs ", Tone.STRONG), whose, *found, Span("".join(modes), Tone.QUIET))


def _badge(held: int, *, is_following: bool, has_ended: bool) -> Line:
    if has_ended:
        return line(Span("■ ended: the services have stopped", Tone.QUIET))
    if is_following:
        return line(Span("● following", Tone.GOOD))
    new = f", {held} new line{'' if held == 1 else 's'}" if held else ""
    return line(Span(f"❚❚ paused{new}", Tone.WARN), Span(" · G follows", Tone.QUIET))
