"""The only writer of standard output. It carries data and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

from previewer.cli.json_text import to_json, to_json_line, to_json_rows
from previewer.cli.terminal import Format, paint
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.present.safe_text import cell_width, cut, plain
from previewer.present.tables import GAP, Column, fit_columns
from previewer.present.values import Span, Tone


class Output:
    """Standard output, with what is known about who reads it."""

    def __init__(self, stream: TextIO, *, colour: bool = False, width: int | None = None) -> None:
        """``width`` in cells where the stream is a terminal: only there is anything ever cut."""
        self._stream = stream
        self.colour = colour
        self._width = width

    def line(self, text: str) -> None:
        """One line of text that is already plain."""
        self._write(text + "\n")

    def lines(self, texts: Iterable[str]) -> None:
        """A line each, made plain: nothing that others wrote in them can move the cursor."""
        for text in texts:
            self.line(plain(text))

    def text(self, text: str) -> None:
        """Text of ours or of the user's own files, as it is; ends with a line's end."""
        self._write(text if text.endswith("\n") else text + "\n")

    def value(self, value: JsonValue, form: Format) -> None:
        """A value as JSON or YAML."""
        self.text(to_json(value) if form is Format.JSON else _to_yaml(value))

    def json_line(self, value: JsonValue) -> None:
        """One object of a stream of them (JSON Lines)."""
        self.line(to_json_line(value))

    def table(self, columns: Sequence[Column], rows: Sequence[JsonObject]) -> None:
        """Aligned text."""
        lines = render_table(columns, rows, colour=self.colour, width=self._width)
        self._write("".join(f"{line}\n" for line in lines))

    def rows(self, columns: Sequence[Column], rows: Sequence[JsonObject], form: Format) -> None:
        """Rows in any format: a table, or a list of objects."""
        if form is Format.TABLE:
            self.table(columns, rows)
        elif form is Format.JSON:
            self.text(to_json_rows(rows))
        else:
            self.text(_to_yaml(list(rows)))

    def record(self, columns: Sequence[Column], record: JsonObject) -> None:
        """One object as text, one key a line."""
        titles = max((len(column.title) for column in columns), default=0)
        for column in columns:
            cell = column.show(record.get(column.key))
            self.line(f"{column.title:<{titles}}  {paint(cell.text, cell.tone, colour=self.colour)}")

    def flush(self) -> None:
        """Hand everything to the reader; raises :class:`BrokenPipeError` where there is none any more."""
        with _named():
            self._stream.flush()

    def _write(self, text: str) -> None:
        with _named():
            self._stream.write(text)


@contextmanager
def _named() -> Iterator[None]:
    """Say of a failure to write, on a full disk say, where it was written to."""
    try:
        yield
    except OSError as error:
        error.filename = "standard output"
        raise


def _to_yaml(value: JsonValue) -> str:
    from previewer.definition.printing import to_yaml  # brings PyYAML

    return to_yaml(value)


def render_table(
    columns: Sequence[Column], rows: Sequence[JsonObject], *, colour: bool, width: int | None
) -> tuple[str, ...]:
    """The lines of a table; none without rows. ``width`` in cells is only given for a terminal.

    A cell is a function of one JSON value, so table and JSON always agree.
    """
    if not rows:
        return ()
    header = tuple(Span(column.title, Tone.STRONG) for column in columns)
    cells = [header, *(tuple(column.show(row.get(column.key)) for column in columns) for row in rows)]
    content = [max(cell_width(line[index].text) for line in cells) for index in range(len(columns))]
    widths = dict(enumerate(content)) if width is None else fit_columns(columns, content, width)
    return tuple(_render_line(line, widths, colour=colour) for line in cells)


def _render_line(cells: Sequence[Span], widths: Mapping[int, int], *, colour: bool) -> str:
    parts = []
    for index, width in widths.items():
        text = cut(cells[index].text, width)
        parts.append(paint(text, cells[index].tone, colour=colour) + " " * (width - cell_width(text)))
    return GAP.join(parts).rstrip()
