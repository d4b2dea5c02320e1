"""A constant load of requests on one URL, and what became of them."""

from __future__ import annotations

import threading
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from itertools import pairwise
from types import TracebackType
from typing import Self

PAUSE = 0.005
"""Seconds between two requests."""
TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One request."""

    at: float
    """When it ended, on the monotonic clock."""
    text: str | None
    """What came back; ``None`` for an error."""


class Load:
    """Requests one after the other, in a thread, while the block lasts. Each is a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.answers: list[Answer] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(TIMEOUT + 1)

    @property
    def errors(self) -> int:
        """How many requests failed."""
        return sum(answer.text is None for answer in self.answers)

    @property
    def texts(self) -> list[str]:
        """What came back, each run of the same text once, in order."""
        found = [answer.text for answer in self.answers if answer.text is not None]
        return [text for index, text in enumerate(found) if index == 0 or found[index - 1] != text]

    @property
    def longest_gap(self) -> float:
        """The longest time in seconds between two answers."""
        times = [answer.at for answer in self.answers if answer.text is not None]
        return max((later - sooner for sooner, later in pairwise(times)), default=0.0)

    def _ask(self) -> None:
        while not self._over.is_set():
            text = self._fetch()
            self.answers.append(Answer(time.monotonic(), text))
            time.sleep(PAUSE)

    def _fetch(self) -> str | None:
        try:
            with urllib.request.urlopen(self._url, timeout=TIMEOUT) as answer:
                body: bytes = answer.read()
        except (OSError, HTTPException):  # an answer may also be cut off in the middle
            return None
        return body.decode()
