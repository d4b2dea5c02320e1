"""Which distribution an image is made of (os-release(5))."""

from __future__ import annotations

import re

_ID = re.compile(r"""^ID=(["']?)([a-z0-9._-]{1,64})\1\s*$""", re.MULTILINE)


def read_distribution(content: bytes) -> str:
    """``debian``, ``alpine``, …; empty where nothing says it."""
    found = _ID.search(content.decode("utf-8", "replace"))
    return found[2] if found else ""
