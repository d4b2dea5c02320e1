"""What the engine tells of an environment's containers, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.domain.engine.examination import EngineHappening
from previewer.domain.environment.life import HEALTH, is_debug_copy, service_of
from previewer.present.tables import Column, share_out
from previewer.present.values import Span, Tone, age
from previewer.tui.present.text import Line, line

_COLUMNS = (
    Column("age", "Ago", 5, align_right=True),
    Column("service", "Service", 10, share=1, most=28),
    Column("what", "What", 18, share=2, most=40),
    Column("container", "Container", 18, share=3, most=64),
)
_MOMENT = Column("at", "At (UTC)", 19)
_WIDE_FROM = 112
_WORDS = {
    "create": "made",
    "start": "started",
    "restart": "restarted",
    "pause": "paused",
    "unpause": "goes on",
    "rename": "renamed",
    "update": "limits changed",
    "destroy": "removed",
}
_TONES = {"oom": Tone.BAD, "pause": Tone.WARN, "restart": Tone.WARN, "rename": Tone.WARN, "update": Tone.WARN}
_HEALTH_TONES = {"healthy": Tone.GOOD, "unhealthy": Tone.BAD}


def fit_event_columns(width: int, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells with content as wide as ``longest`` says."""
    return share_out((_MOMENT, *_COLUMNS) if width >= _WIDE_FROM else _COLUMNS, width, longest)


def event_lines(event: EngineHappening, *, now: datetime) -> Mapping[str, Line]:
    """An event's row."""
    copy = Span("debug copy of ", Tone.WARN) if is_debug_copy(event) else ""
    return {
        "at": line(event.at.strftime("%Y-%m-%d %H:%M:%S")),
        "age": line(age(event.at, now)),
        "service": line(copy, service_of(event)),
        "what": line(_what(event)),
        "container": line(Span(event.name, Tone.QUIET)),
    }


def _what(event: EngineHappening) -> Span:
    if event.action == "die":
        code = event.attributes.get("exitCode", "")
        return Span(f"exited with {code}" if code else "ended", Tone.PLAIN if code in ("", "0") else Tone.BAD)
    if event.action == HEALTH:
        return Span(event.detail, _HEALTH_TONES.get(event.detail, Tone.PLAIN))
    if event.action == "oom":
        return Span("ran out of memory", Tone.BAD)
    return Span(_WORDS[event.action], _TONES.get(event.action, Tone.PLAIN))
