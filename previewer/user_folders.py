"""Where the user's machine keeps what is ours, as the XDG Base Directory Specification has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = "previewer"


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """What can be found out again; ``None`` for a user without a home."""
    chosen = environment.get("XDG_CACHE_HOME")
    try:
        return (Path(chosen) if chosen else Path.home() / ".cache") / FOLDER
    except RuntimeError:  # a container's user need not have one
        return None


def state_folder(environment: Mapping[str, str]) -> Path | None:
    """What is to last; ``None`` for a user without a home."""
    if chosen := environment.get("XDG_STATE_HOME"):
        return Path(chosen) / FOLDER
    home = environment.get("HOME")
    return Path(home) / ".local" / "state" / FOLDER if home else None
