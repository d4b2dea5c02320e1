"""The only writer of standard output. It carries data and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from previewer.cli.json_text import to_json, to_json_line, to_json_rows
from previewer.cli.output_format import Format
from previewer.cli.table import Column, render_table
from previewer.cli.terminal import paint
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.present.safe_text import plain


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
        self._write("".join(f"{line}\n" for line in self._lines(columns, rows)))

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

    def _lines(self, columns: Sequence[Column], rows: Sequence[JsonObject]) -> tuple[str, ...]:
        return render_table(columns, rows, colour=self.colour, width=self._width)

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
