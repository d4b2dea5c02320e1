"""How properties are tested: by what is true, on a machine however busy."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

OLD_DEADLINE = 0.2
"""Seconds that an example had by default, by the clock on the wall."""


@settings(max_examples=1)
@given(st.none())
def test_an_example_may_take_as_long_as_a_busy_machine_needs(nothing: None) -> None:
    del nothing
    time.sleep(OLD_DEADLINE * 1.5)


def test_no_property_has_a_deadline() -> None:
    assert settings().deadline is None
