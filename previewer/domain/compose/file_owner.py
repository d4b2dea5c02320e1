"""Who owns the files that a service may write to: the user that it runs as, by number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

LARGEST_ID = (1 << 31) - 1
"""What an engine takes for a user or a group."""


class FileOwner(NamedTuple):
    """The numbers of a user and a group."""

    uid: int = 0
    gid: int = 0


ROOT = FileOwner()


def find_owner(user: str, passwd: str = "", group: str = "") -> FileOwner:
    """Whom ``USER``, ``UID`` or ``USER:GROUP`` means where ``/etc/passwd`` and ``/etc/group`` say this.

    As an engine reads it: without a group it is the user's own, a number need not be in either file. Root for what
    is in neither; the container will not start then.
    """
    name, _, group_name = user.partition(":")
    account = next((row for row in _rows(passwd, 4) if name in (row[0], row[2])), None)
    uid = _number(account[2] if account else name)
    if uid is None:
        return ROOT
    if not group_name:
        return FileOwner(uid, (_number(account[3]) if account else None) or 0)
    found = next((row for row in _rows(group, 3) if group_name in (row[0], row[2])), None)
    return FileOwner(uid, _number(found[2] if found else group_name) or 0)


def needs_names(user: str) -> bool:
    """Whether the image's files have to be asked who ``user`` is."""
    name, _, group = user.partition(":")
    return not (name.isdecimal() and group.isdecimal())


def _rows(text: str, least: int) -> Iterator[list[str]]:
    return (row for line in text.splitlines() if len(row := line.split(":")) >= least)


def _number(text: str) -> int | None:
    return (
        int(text) if text.isascii() and text.isdecimal() and len(text) < 11 and int(text) <= LARGEST_ID else None
    )
