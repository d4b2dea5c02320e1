"""How lines of logs are printed."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from previewer.cli.log_printer import LogPrinter
from previewer.cli.output import Output
from previewer.engine.protocol import LogLine

AT = datetime(2026, 1, 31, 12, 0, 1, 500_000, tzinfo=UTC)
BATCH = (
    LogLine("shop-main-g1-web-1", "web", AT, "\x1b[32mGET /\x1b[0m 200", is_error=False),
    LogLine("shop-main-g1-api-1", "api-v2", None, "tab\there\x1b[2J\x07", is_error=True),
    LogLine("shop-main-g1-web-1", "web", AT, "", is_error=False),
)


def print_batches(*, colour: bool, timestamps: bool = False, as_json: bool = False) -> str:
    stream = io.StringIO()
    printer = LogPrinter(Output(stream, colour=colour), timestamps=timestamps, as_json=as_json)
    printer.show(BATCH[:1])
    printer.show(BATCH[1:])
    return stream.getvalue()


@pytest.mark.parametrize(
    ("colour", "timestamps", "text"),
    [
        (False, False, "web | GET / 200\napi-v2 | tab\there\\x1b[2J\\x07\nweb    |\n"),
        (
            False,
            True,
            (
                "web | 2026-01-31T12:00:01Z GET / 200\n"
                "api-v2 | tab\there\\x1b[2J\\x07\n"
                "web    | 2026-01-31T12:00:01Z\n"
            ),
        ),
        (
            True,
            False,
            (
                "\x1b[36mweb |\x1b[0m \x1b[32mGET /\x1b[0m 200\x1b[0m\n"
                "\x1b[32mapi-v2 |\x1b[0m tab\there\\x1b[2J\\x07\n"
                "\x1b[36mweb    |\x1b[0m\n"
            ),
        ),
    ],
)
def test_lines(colour: bool, timestamps: bool, text: str) -> None:
    assert print_batches(colour=colour, timestamps=timestamps) == text


def test_json_has_everything() -> None:
    rows = [json.loads(line) for line in print_batches(colour=True, as_json=True).splitlines()]
    assert rows[1] == {
        "at": None,
        "service": "api-v2",
        "container": "shop-main-g1-api-1",
        "stream": "stderr",
        "text": "tab\there\x1b[2J\x07",
    }
    assert rows[0]["at"] == "2026-01-31T12:00:01.500000Z"
    assert [row["text"] for row in rows] == [line.text for line in BATCH]
