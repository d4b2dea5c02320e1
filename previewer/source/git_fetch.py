"""Bring a remote's branches here."""

from __future__ import annotations

from previewer.domain.cancellation import Cancellation
from previewer.errors import NotFoundError, SourceError
from previewer.source.git_command import GitCommand
from previewer.source.git_records import HEADS, REMOTES
from previewer.source.git_settings import GitSettings
from previewer.source.git_talk import talk

LOW_SPEED = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30")
"""A server that stops in the middle is given up after half a minute."""


def fetch_branches(command: GitCommand, settings: GitSettings, remote: str, *, cancellation: Cancellation) -> None:
    """Update ``refs/remotes/REMOTE/`` to what the remote has, whatever part of it the clone was made for.

    Raises :class:`NotFoundError` for no such remote, :class:`SourceError` where it does not answer, and
    :class:`CancelledError` as soon as somebody asks.
    """
    if remote not in settings.remotes:
        known = ", ".join(settings.remotes) or "none"
        raise NotFoundError("there is no such remote", where=remote, hint=f"there is {known}")
    answer = talk(
        command,
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
        f"^{HEADS}HEAD",  # through the remote's symbolic HEAD it would write the default branch
        cancellation=cancellation,
    )
    if answer.code:
        raise SourceError(f"its branches could not be fetched: {answer.reason}", where=remote)
