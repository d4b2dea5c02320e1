"""The newest entry that a user has seen of a clone's history, remembered outside of the repository.

A history is hash-chained, so that nothing in it can be changed alone; but its name can be pointed at something
older, or at another chain. Remembering where it ended shows that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

CLONE_FILE = "previewer-clone"
"""In the folder that all working trees of a clone share: a clone that is made again is another one."""


class RememberedHead:
    """The remembered head of one clone's history, in the user's state folder."""

    def __init__(self, shared: Path, environment: Mapping[str, str]) -> None:
        self._shared = shared
        self._folder = state_folder(environment)

    def read(self) -> str | None:
        """The commit's id; ``None`` where nothing is remembered."""
        return next(iter(self._lines()), "") or None

    def read_anchor(self) -> str | None:
        """The last that was said with :meth:`write_anchor`."""
        return next(iter(self._lines()[1:]), "") or None

    def write(self, head: str | None) -> None:
        """Remember it. Where there is no folder for it, nothing is: that only costs a check."""
        self._write(head, self.read_anchor())

    def write_anchor(self, anchor: str) -> None:
        """Remember the entry that the engine's newest object names, which needs no second check."""
        self._write(self.read(), anchor)

    def _lines(self) -> list[str]:
        path = self._path(make=False)
        try:
            return path.read_text(encoding="ascii").splitlines() if path is not None else []
        except (OSError, ValueError):
            return []

    def _write(self, head: str | None, anchor: str | None) -> None:
        path = self._path(make=head is not None or anchor is not None)
        if path is None:
            return
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = path.with_name(f"{path.name}.{os.getpid()}")
            unfinished.write_text(f"{head or ''}\n{anchor or ''}\n", encoding="ascii")
            unfinished.replace(path)

    def _path(self, *, make: bool) -> Path | None:
        if self._folder is None:
            return None
        file = self._shared / CLONE_FILE
        try:
            if make and not file.exists():
                file.write_text(f"{os.urandom(8).hex()}\n", encoding="ascii")
            name = file.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return self._folder / "heads" / name if name.isalnum() else None


def state_folder(environment: Mapping[str, str]) -> Path | None:
    """Ours in the user's, as the XDG Base Directory Specification has it; ``None`` for a user without a home."""
    if chosen := environment.get("XDG_STATE_HOME"):
        return Path(chosen) / "previewer"
    home = environment.get("HOME")
    return Path(home) / ".local" / "state" / "previewer" if home else None
