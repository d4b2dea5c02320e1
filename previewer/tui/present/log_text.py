"""Log lines as rows of text: time, service and text in columns, wrapped or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.cells import cell_len, chop_cells

from previewer.engine.protocol import LogLine
from previewer.frozen import dataclass
from previewer.present.safe_text import plain, plain_log
from previewer.tui.present.pieces import cut

TIME_WIDTH = len("12:34:56.789 ")
WIDEST_SERVICE = 14
LEAST_TEXT_WIDTH = 20
SEPARATOR = "│ "


@dataclass(frozen=True, slots=True)
class LogShape:
    """Which lines are shown, and how."""

    service: str | None = None
    """Only this one's; ``None`` for all."""
    search: str = ""
    """Only lines that contain this, in whatever case."""
    is_wrapped: bool = False
    has_times: bool = False
    service_width: int = 8
    """Of the column with the services' names; 0 hides it."""
    width: int = 80
    """Of the whole row, in cells: where wrapped lines break."""

    @property
    def time_width(self) -> int:
        """Of the column with the times."""
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


def matches(entry: LogLine, shape: LogShape) -> bool:
    """Whether the shape shows this line."""
    if shape.service is not None and entry.service != shape.service:
        return False
    return not shape.search or shape.search.casefold() in plain_log(entry.text).casefold()


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
        moment = f"{entry.at.isoformat(timespec='milliseconds')} " if entry.at else ""
        parts.append(f"{moment}{plain(entry.service)} | {plain_log(entry.text)}\n")
    return "".join(parts)


def _chunks(text: str, width: int) -> list[str]:
    if text.isascii():
        return [text[start : start + width] for start in range(0, max(len(text), 1), width)]
    if cell_len(text) <= width:
        return [text]  # what takes no cell at all would not be cut but lost
    return chop_cells(text, width)


def _prefix(entry: LogLine, shape: LogShape) -> str:
    moment = ""
    if shape.has_times:
        moment = entry.at.strftime("%H:%M:%S.%f")[:-3] if entry.at else ""
        moment = moment.ljust(TIME_WIDTH)
    if not shape.service_width:
        return moment
    name = cut(plain(entry.service), shape.service_width)
    padding = " " * (shape.service_width - cell_len(name) + 1)
    return f"{moment}{name}{padding}{SEPARATOR}"


def _empty_prefix(shape: LogShape) -> str:
    space = " " * shape.time_width
    return f"{space}{' ' * (shape.service_width + 1)}{SEPARATOR}" if shape.service_width else space
