"""A constant load of requests on one URL, and what became of them."""

from __future__ import annotations

import threading
import time
import urllib.request
from http.client import HTTPException
from types import TracebackType
from typing import Self

PAUSE = 0.005
"""Seconds between two requests."""
TIMEOUT = 5.0


class Load:
    """Requests one after the other, in a thread, while the block lasts. Each is a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._answers: list[str | None] = []
        """What came back; ``None`` for an error."""

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
        return self._answers.count(None)

    @property
    def texts(self) -> list[str]:
        """What came back, each run of the same text once, in order."""
        found = [text for text in self._answers if text is not None]
        return [text for index, text in enumerate(found) if index == 0 or found[index - 1] != text]

    def _ask(self) -> None:
        while not self._over.is_set():
            self._answers.append(self._fetch())
            time.sleep(PAUSE)

    def _fetch(self) -> str | None:
        try:
            with urllib.request.urlopen(self._url, timeout=TIMEOUT) as answer:
                body: bytes = answer.read()
        except (OSError, HTTPException):  # an answer may also be cut off in the middle
            return None
        return body.decode()
