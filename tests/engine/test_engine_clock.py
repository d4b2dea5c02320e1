"""The engine's clock beside ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from previewer.docker_api.engine_clock import EngineClock
from previewer.docker_api.wire.protocol import PING
from tests.engine.clocks import INFO, SkewedWire

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MEASURING = timedelta(seconds=10)
"""More than a measurement takes on any machine."""


@pytest.mark.parametrize("has_info", [True, False])
@pytest.mark.parametrize("seconds", [30, -30, 3600, -3600, 86400])
def test_a_clock_that_is_wrong_is_measured_and_told_apart(seconds: int, has_info: bool) -> None:
    ahead = timedelta(seconds=seconds)
    clock = EngineClock(SkewedWire(ahead, has_info=has_info), INFO)
    assert abs(clock.ahead - ahead) < MEASURING
    assert clock.ours(clock.theirs(NOW)) == NOW
    assert abs(clock.theirs(NOW) - ahead - NOW) < MEASURING


def test_one_clock_is_one_clock_and_costs_one_answer() -> None:
    wire = SkewedWire(timedelta())
    clock = EngineClock(wire, INFO)
    assert clock.ours(NOW) == NOW
    assert clock.theirs(NOW) == NOW
    assert set(wire.requests) == {PING.path}
