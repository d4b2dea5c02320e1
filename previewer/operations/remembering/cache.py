"""The user's cache folder: what only saves time, and may be deleted at any moment."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from previewer.domain.json_value import JsonObject, as_object


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Ours in the user's, as the XDG Base Directory Specification has it; ``None`` for a user without a home."""
    chosen = environment.get("XDG_CACHE_HOME")
    try:
        return (Path(chosen) if chosen else Path.home() / ".cache") / "previewer"
    except RuntimeError:  # a container's user need not have one
        return None


def read_cached(path: Path) -> JsonObject:
    """What :func:`write_cached` wrote; nothing where that is gone or broken."""
    try:
        return as_object(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}


def write_cached(path: Path, content: JsonObject) -> None:
    """Others may write at the same time: the last one counts, and none is ever seen half. Raises nothing."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # what is in here is nobody else's business
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        unfinished.write_text(json.dumps(content), encoding="utf-8")
        unfinished.replace(path)
