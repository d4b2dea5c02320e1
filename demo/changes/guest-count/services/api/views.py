"""What the API says about the entries."""

from __future__ import annotations

VERSION = "1.2.0-count"

Entry = dict[str, str]


def describe(entries: list[Entry]) -> dict[str, str | int]:
    """The facts that the page shows under its list."""
    guests = {entry["guest"].casefold() for entry in entries}
    return {"api": VERSION, "entries": len(entries), "guests": len(guests)}
