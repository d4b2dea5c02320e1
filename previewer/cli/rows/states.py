"""States as a glyph, a word and a colour: the glyph and the word say everything alone."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.cli.style import Style
from previewer.cli.table import ABSENT, Cell
from previewer.domain.environment import State
from previewer.domain.json_value import JsonValue

_STATES: Mapping[str, tuple[str, Style]] = {
    State.DONE.value: ("✔", Style.GOOD),
    State.HEALTHY.value: ("●", Style.GOOD),
    State.RUNNING.value: ("◉", Style.GOOD),
    State.STARTING.value: ("◐", Style.BUSY),
    State.ASLEEP.value: ("☾", Style.BUSY),
    State.STOPPED.value: ("◌", Style.BUSY),
    State.UNHEALTHY.value: ("▲", Style.BAD),
    State.FAILED.value: ("✖", Style.BAD),
}

SERVING = frozenset({State.DONE, State.HEALTHY, State.RUNNING})
"""The states in which nothing is wrong."""


def show_state(value: JsonValue) -> Cell:
    """``● healthy``."""
    if not isinstance(value, str) or value not in _STATES:
        return Cell(ABSENT)
    glyph, style = _STATES[value]
    return Cell(f"{glyph} {value}", style)
