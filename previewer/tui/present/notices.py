"""Errors and notices as lines: what happened, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.errors import (
    EngineError,
    EngineUnreachableError,
    PreviewerError,
    SourceError,
    TimedOutError,
    UsageError,
)
from previewer.present.values import Span, Tone, duration
from previewer.tui.context import AppState
from previewer.tui.present.text import Line, line


def engine_line(app_state: AppState, now: datetime) -> Line:
    """``Docker 26.1 · linux/amd64``; ``✖ no engine`` where none answers, other words for other failures."""
    if app_state.engine_error is not None:
        as_of = f"  {as_of_words(app_state.read_at, now)}" if app_state.read_at else ""
        return line(Span(f"✖ {failure_word(app_state.engine_error)}", Tone.BAD), Span(as_of, Tone.QUIET))
    return line(Span(app_state.engine or "asking the engine …", Tone.QUIET))


def as_of_words(timestamp: datetime, now: datetime) -> str:
    """``as of 12s ago``."""
    return f"as of {duration((now - timestamp).total_seconds())} ago"


MOST_DETAILS = 30
"""Of the last details; a build's output can be long, and its end says what went wrong."""
_WORDS: Mapping[type[PreviewerError], str] = {
    PreviewerError: "error",
    UsageError: "wrong setting",
    SourceError: "git failed",
    TimedOutError: "timed out",
    EngineError: "engine failed",
    EngineUnreachableError: "no engine",
}
"""Of the most specific class that has one."""


def failure_word(error: PreviewerError) -> str:
    """What failed, in two words at most, for a place where the error itself has no room."""
    return next(_WORDS[cls] for cls in type(error).__mro__ if cls in _WORDS)


def failure_lines(error: PreviewerError, *, details: int = MOST_DETAILS) -> tuple[Line, ...]:
    """The error in full, the hint before the details: it is what the user looks for."""
    lines = [line(Span("✖ ", Tone.BAD), Span(error.message, Tone.BAD))]
    if error.where:
        lines.append(line(Span("  at    ", Tone.QUIET), error.where))
    if error.hint:
        lines.append(line(Span("  hint  ", Tone.QUIET), Span(error.hint, Tone.ACCENT)))
    shown = error.details[-details:] if details else ()
    if shown:
        lines.append(())
        if len(shown) < len(error.details):
            lines.append(line(Span(f"  … {len(error.details) - len(shown)} lines before", Tone.QUIET)))
        lines.extend(line(Span(f"  {detail}", Tone.QUIET)) for detail in shown)
    return tuple(lines)


def failure_summary(error: PreviewerError) -> Line:
    """The error on one line."""
    where = f"{error.where}: " if error.where else ""
    return line(Span("✖ ", Tone.BAD), Span(f"{where}{error.message}", Tone.BAD))


def engine_notice(error: PreviewerError, *, retry_key: str, as_of: str) -> tuple[Line, ...]:
    """The engine does not answer: why, the fix, and what still works: ``as_of`` says how old what is shown is."""
    meanwhile = f"environments are shown {as_of}" if as_of else "branches can be browsed"
    return (
        *failure_lines(error, details=3),
        line(
            Span("  ", Tone.PLAIN),
            Span(retry_key, Tone.ACCENT),
            Span(f" tries again; meanwhile {meanwhile}", Tone.QUIET),
        ),
    )


def source_notice(error: PreviewerError, *, retry_key: str) -> tuple[Line, ...]:
    """Git does not answer."""
    return (*failure_lines(error, details=3), _keys((retry_key, "tries again")))


def home_notices(state: AppState, *, now: datetime, retry_key: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """What the engine and what git does not answer; nothing for one that does."""
    as_of = as_of_words(state.read_at, now) if state.environments and state.read_at else ""
    engine, source = state.engine_error, state.source_error
    return (
        engine_notice(engine, retry_key=retry_key, as_of=as_of) if engine else (),
        source_notice(source, retry_key=retry_key) if source else (),
    )


def empty_table(*, is_waiting: bool, filter_text: str, branch_count: int, location: str) -> tuple[Line, ...]:
    """Why the home table is empty, and which key helps."""
    if is_waiting:
        return (line(Span("reading branches …", Tone.QUIET)),)
    if filter_text and branch_count:
        return (
            line(Span(f"none of {branch_count} branches contains “{filter_text}”", Tone.QUIET)),
            _keys(("esc", "clears the filter")),
        )
    return (
        line(Span(f"no branches in {location}: nothing has been committed yet", Tone.QUIET)),
        line(Span("commit something, with a compose.yaml or a Dockerfile in it", Tone.QUIET)),
        _keys(("r", "looks again")),
    )


def _keys(*pairs: tuple[str, str]) -> Line:
    spans: list[Span] = [Span("  ")]
    for key, words in pairs:
        spans += [Span(key, Tone.ACCENT), Span(f" {words}  ", Tone.QUIET)]
    return line(*spans)
