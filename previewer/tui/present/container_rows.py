"""Containers as the engine's inspection has them: state, restarts, and what they run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.domain.environment import Environment, State
from previewer.domain.examination import ExaminedContainer
from previewer.domain.json_value import as_text
from previewer.domain.observation import ContainerState
from previewer.domain.revision import short_id
from previewer.tui.present.columns import Column, share_out
from previewer.tui.present.pieces import Line, Piece, Tone, line
from previewer.tui.present.status import state_line
from previewer.tui.present.times import age

_COLUMNS = (
    Column("service", "Service", 12, share=1, most=26),
    Column("state", "State", 15, share=2, most=30),
    Column("restarts", "Restarts", 8, align_right=True),
    Column("up", "Up", 6, align_right=True),
    Column("image", "Image", 12),
    Column("container", "Container", 14, share=3, most=60),
)
_COMMAND = Column("command", "Command", 16, share=3)
_WIDE_FROM = 120
MANY_RESTARTS = 3
"""From here on they are a warning."""


def fit_container_columns(width: int) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells."""
    return share_out((*_COLUMNS, _COMMAND) if width >= _WIDE_FROM else _COLUMNS, width)


def container_lines(
    container: ExaminedContainer, environment: Environment, *, now: datetime
) -> Mapping[str, Line]:
    """A container's row."""
    state = next((s.state for s in environment.services if s.name == container.service), None)
    is_up = container.state is ContainerState.RUNNING
    number = f" {container.number}" if container.number > 1 else ""
    name = Piece("debug copy of ", Tone.WARN) if container.is_one_off else ""
    return {
        "service": line(name, f"{container.service}{number}"),
        "state": _state(container, state),
        "restarts": _restarts(container),
        "up": line(age(container.started_at, now) if is_up and container.started_at else ""),
        "image": line(Piece(short_id(as_text(container.fields.get("image"))), Tone.QUIET)),
        "container": line(container.name),
        "command": line(Piece(_command(container), Tone.QUIET)),
    }


def _restarts(container: ExaminedContainer) -> Line:
    if not container.restarts:
        return line(Piece("0", Tone.QUIET))
    return line(Piece(str(container.restarts), Tone.WARN if container.restarts >= MANY_RESTARTS else Tone.PLAIN))


def _state(container: ExaminedContainer, state: State | None) -> Line:
    """``✖ exited with 3``: how it ended stands where nothing cuts it off."""
    shown = state_line(state) if state and not container.is_one_off else line(container.state.value)
    if container.exit_code is None or state is State.ASLEEP:
        return shown
    sign = shown[0]
    ending = f"exited with {container.exit_code}{', out of memory' if container.out_of_memory else ''}"
    return line(Piece(f"{sign.text.split()[0]} {ending}" if state else ending, sign.tone))


def _command(container: ExaminedContainer) -> str:
    words = container.fields.get("command")
    return " ".join(as_text(word) for word in words) if isinstance(words, list | tuple) else as_text(words)
