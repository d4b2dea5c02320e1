"""Say in one line which parts of a definition do not run as they are written."""

from __future__ import annotations

from collections.abc import Iterable

from previewer.domain.isolation import Rewrite
from previewer.domain.progress import Noted, Report

SERVICES = "services"
MOST = 6
"""Keys that are named; of more only the number is said."""


def tell_rewrites(rewrites: Iterable[Rewrite], revision: str, *, report: Report) -> None:
    """Note what somebody wrote and isolation changed. Limits that it adds surprise nobody and are left out."""
    keys = list(dict.fromkeys(_key(rewrite) for rewrite in rewrites if rewrite.before is not None))
    if not keys:
        return
    more = f" and {len(keys) - MOST} more" if len(keys) > MOST else ""
    report(
        Noted(
            f"not as written, so that environments cannot meet: {', '.join(keys[:MOST])}{more}",
            hint=f"`previewer config {revision} --rewritten` says how and why",
        )
    )


def rewrite_lines(rewrites: Iterable[Rewrite]) -> tuple[str, ...]:
    """What somebody wrote and does not run as written, with the reason: one line each, once."""
    return tuple(dict.fromkeys(f"{_key(r)}: {r.reason}" for r in rewrites if r.before is not None))


def _key(rewrite: Rewrite) -> str:
    """``web.ports`` for ``services.web.ports.0``; ``volumes.data`` for ``volumes.data.name``."""
    path = rewrite.path
    return ".".join(path[1:3] if path[0] == SERVICES else path[:2])
