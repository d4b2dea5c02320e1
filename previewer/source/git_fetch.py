"""Bring a remote's branches here."""

from __future__ import annotations

from previewer.errors import NotFoundError, SourceError
from previewer.source.git_command import GitCommand
from previewer.source.git_records import HEADS, REMOTES
from previewer.source.git_settings import GitSettings

LOW_SPEED = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30")
"""A server that stops in the middle is given up after half a minute."""


def fetch_branches(command: GitCommand, settings: GitSettings, remote: str) -> None:
    """Update ``refs/remotes/REMOTE/`` to what the remote has, whatever part of it the clone was made for.

    Raises :class:`NotFoundError` for no such remote, and :class:`SourceError` where it does not answer.
    """
    if remote not in settings.remotes:
        known = ", ".join(settings.remotes) or "none"
        raise NotFoundError("there is no such remote", where=remote, hint=f"there is {known}")
    answer = command.ask(
        *LOW_SPEED,
        "fetch",
        "--quiet",
        "--prune",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        remote,
        f"+{HEADS}*:{REMOTES}{remote}/*",
    )
    if answer.code:
        reason = next((line for line in answer.complaint.splitlines() if not line.startswith("warning:")), "")
        raise SourceError(f"its branches could not be fetched: {reason}", where=remote)
