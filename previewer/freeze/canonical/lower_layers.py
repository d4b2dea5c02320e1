"""What is below a layer: the layers of ours before it, upon what the base has."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from msgspec import Struct, field

from previewer.domain.commit.files import folders_above

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
"""In a folder: nothing of what is below shows through (OCI Image Specification, "Layer Changesets")."""


class Folder(Struct, frozen=True):
    """A folder as a layer says it."""

    mode: int
    """Without the bits of the type."""
    uid: int
    gid: int


def _nothing(path: str) -> Folder | None:
    del path
    return None


class LowerLayers(Struct):
    """Grows by one layer at a time."""

    look: Callable[[str], Folder | None] = _nothing
    """What the base has at a path (from the root, without a leading slash); ``None`` for anything but a folder."""
    _said: dict[str, Folder | None] = field(default_factory=dict)
    _hidden: set[str] = field(default_factory=set)

    def __contains__(self, path: str) -> bool:
        """Whether a layer of ours has something there."""
        return path in self._said

    def folder(self, path: str) -> Folder | None:
        """The folder at ``path``, if one is there."""
        if path in self._said:
            return self._said[path]
        return None if any(above in self._hidden for above in (path, *folders_above(path))) else self.look(path)

    def hide(self, path: str) -> None:
        """A whiteout, given by its own path: what it names is there no more."""
        folder, name = posixpath.split(path)
        hidden = folder if name == OPAQUE else posixpath.join(folder, name.removeprefix(WHITEOUT))
        self._hidden.add(hidden)
        below = f"{hidden}/"
        for known in [known for known in self._said if known.startswith(below)]:
            del self._said[known]
        if name != OPAQUE:
            self._said.pop(hidden, None)

    def put(self, path: str, folder: Folder | None) -> None:
        """Something is there now; ``folder`` if it is one."""
        self._said[path] = folder


def is_whiteout(path: str) -> bool:
    """Whether an entry says that something is gone."""
    return posixpath.basename(path).startswith(WHITEOUT)
