"""What the API says about the entries."""

from __future__ import annotations

VERSION = "1.1.0"

Entry = dict[str, str]


def describe(entries: list[Entry]) -> dict[str, str | int]:
    """The facts that the page shows under its list."""
    return {"api": VERSION, "entries": len(entries)}
