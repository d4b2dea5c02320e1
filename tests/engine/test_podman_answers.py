"""What Podman answers otherwise than Docker, from recorded answers: no Podman runs where these tests do."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from msgspec import convert

from previewer.docker_api.events import Event, read_event
from previewer.docker_api.logs import LogReader
from previewer.docker_api.podman import UNPACK_ATTEMPTS, unpack_patiently
from previewer.domain.json_value import JsonObject
from previewer.errors import EngineError
from tests.engine.clocks import SAME_CLOCK

SINCE = datetime(2026, 1, 1, 12, 0, 5, 500_000, UTC)


class Answer:
    """A body that has arrived."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Nothing is open."""


def frame(time: str) -> bytes:
    line = f"2026-01-01T12:00:{time}Z {time}\n".encode()
    return struct.pack(">BxxxL", 1, len(line)) + line


@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        (["05.400000000", "05.500000000", "06.000000000"], ["05.500000000", "06.000000000"]),
        (["04", "05", "06"], ["05", "06"]),  # all that Podman says
        (["04.9"], []),
    ],
)
def test_lines_of_before_are_left_out(times: list[str], wanted: list[str]) -> None:
    reader = LogReader(Answer(*map(frame, times)), has_terminal=False, clock=SAME_CLOCK, since=SINCE)
    assert [record.text for piece in reader for record in piece] == wanted


@pytest.mark.parametrize(("labels", "is_told"), [(("a=1",), True), (("a=1", "b=2"), False), ((), True)])
def test_events_of_containers_with_only_some_of_the_labels_are_left_out(
    labels: tuple[str, ...], is_told: bool
) -> None:
    attributes: JsonObject = {"name": "x", "a": "1", "b": "3"}
    entry: JsonObject = {
        "Type": "container",
        "Action": "start",
        "Actor": {"Attributes": attributes},
        "timeNano": 1,
    }
    assert (read_event(convert(entry, Event), labels) is not None) is is_told


@pytest.mark.parametrize(
    ("said", "failures", "tries", "fails"),
    [
        ("passing bulk input to subprocess: write |1: broken pipe", 2, 3, False),
        ("passing bulk input to subprocess: write |1: broken pipe", 99, UNPACK_ATTEMPTS, True),
        ("no space left on device", 1, 1, True),
        ("", 0, 1, False),
    ],
)
def test_an_unread_rest_of_an_archive_is_no_failure(said: str, failures: int, tries: int, fails: bool) -> None:
    tried = []

    def unpack() -> None:
        tried.append(said)
        if len(tried) <= failures:
            raise EngineError(f"could not fill it: {said}")

    if fails:
        with pytest.raises(EngineError):
            unpack_patiently(unpack)
    else:
        unpack_patiently(unpack)
    assert len(tried) == tries
