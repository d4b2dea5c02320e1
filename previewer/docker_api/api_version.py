"""Versions of the Engine API: which of them is spoken with an engine."""

from __future__ import annotations

from previewer.errors import EngineError

NEWEST_API = (1, 51)
"""Of the newest engine that the contract suite ran on. A newer engine is spoken to in this version."""
OLDEST_API = (1, 41)
"""Docker 20.10's."""
NO_VERSION = (0, 0)


def choose_api_version(newest: str, oldest: str) -> tuple[int, int]:
    """The version to speak with an engine that knows ``oldest`` to ``newest``, both as text.

    Raises :class:`EngineError` for an engine that is too old.
    """
    engine_newest = parse_api_version(newest)
    if engine_newest < OLDEST_API:
        raise EngineError(
            f"the engine speaks API {newest}, previewer needs {version_text(OLDEST_API)} or newer",
            hint="update the engine to Docker 20.10 or newer",
        )
    return max(min(engine_newest, NEWEST_API), parse_api_version(oldest))


def parse_api_version(text: str) -> tuple[int, int]:
    """``1.41`` as numbers; ``(0, 0)`` for text that is no version."""
    major, _, minor = text.partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else NO_VERSION


def version_text(version: tuple[int, int]) -> str:
    """An API version as the engine spells it."""
    return f"{version[0]}.{version[1]}"
