"""A remote's URL in the one spelling that is equal for all clones."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SCP_LIKE = re.compile(r"(?:[^/@]+@)?(?P<host>\[[^\]]+\]|[^/:\[\]]{2,}):(?P<path>(?!//).+)")
"""``git@host:owner/name.git`` (git-clone(1), GIT URLS). A host of one letter would be a Windows drive."""


def normalise_remote_url(url: str) -> str | None:
    """``host/path`` without scheme, user, port, ``.git`` and trailing ``/``; the host in lower case.

    ``None`` for a path on this machine, which other clones need not share.
    """
    if "://" in url:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return None
        path = parts.path
        if parts.scheme == "file" or not host:
            return None
    else:
        match = _SCP_LIKE.fullmatch(url)
        if match is None:
            return None
        host, path = match["host"].strip("[]"), match["path"]
    return f"{host.lower()}/{repository_path(path)}"


def repository_path(path: str) -> str:
    """A repository's path without what may be there or not: slashes around it and ``.git``."""
    return path.strip("/").removesuffix(".git").rstrip("/")
