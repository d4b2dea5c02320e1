"""Engines whose clocks are wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from previewer.docker_api.engine_clock import EngineClock
from previewer.docker_api.wire.protocol import PING, EngineAnswer, EngineRequest, OpenAnswer, RefusedError

INFO = EngineRequest("GET", "/v1.41/info")


class SkewedWire:
    """Answers what time it is on an engine whose clock is ahead."""

    def __init__(self, ahead: timedelta, *, has_info: bool = True) -> None:
        self.ahead = ahead
        self.has_info = has_info
        self.requests: list[str] = []

    def exchange(self, request: EngineRequest, *, patience: float) -> EngineAnswer:
        """The time, in the header of each answer and in that to ``/info``."""
        del patience
        self.requests.append(request.path)
        now = datetime.now(UTC) + self.ahead
        said = f'{{"SystemTime": "{now.isoformat()}"}}' if self.has_info and request != PING else "{}"
        return EngineAnswer(200, said.encode(), {"date": format_datetime(now, usegmt=True)})

    def open(self, request: EngineRequest, *, patience: float) -> OpenAnswer:
        """Nothing is read bit by bit here."""
        del patience
        raise RefusedError(404, request.path)

    def close(self) -> None:
        """Nothing is open."""


SAME_CLOCK = EngineClock(SkewedWire(timedelta()), INFO)
