"""What Podman shows of a container that says nothing about what was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.domain.drift.fields import ENVIRONMENT, NETWORKS, Fields
from previewer.domain.examination import ChangeKind, FileChange
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text

UNJUDGED = frozenset(
    {
        *(ENVIRONMENT + name for name in ("HOME", "HOSTNAME", "container")),  # it sets these itself
        "ulimits",  # its service's own are listed among those that were asked for
        "tmpfs",  # so are those that it mounts into what is read-only
        "cap_add",  # `ALL` and the like are spelt out
        "cap_drop",
        "stop_signal",  # told as a number
        "sysctls",  # asked for, and not told again
        "logging",
    }
)
"""Fields of the normal form. All of them are fixed when a container is made: nobody can change one later."""
ALIASES = "aliases"
MOUNTPOINTS = ("/run", "/tmp", "/var/tmp")  # noqa: S108 - they are a container's
"""That it makes in what is read-only."""
MOUNTED_INTO = ("/etc", "/var")
"""Folders that it makes mountpoints in, which shows as a change of the folder."""


def judged_fields(fields: Fields) -> Fields:
    """The fields that can be compared, the same way on both sides."""
    own_name = as_text(fields.get("hostname"))
    return {
        name: _endpoint(as_object(value), own_name) if name.startswith(NETWORKS) else value
        for name, value in fields.items()
        if name not in UNJUDGED
    }


def judged_changes(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    """The changes that it did not make itself."""
    rest = [c for c in changes if c.kind is not ChangeKind.ADDED or not _is_own(c.path, MOUNTPOINTS, changes)]
    return tuple(c for c in rest if c.kind is not ChangeKind.MODIFIED or not _is_own(c.path, MOUNTED_INTO, rest))


def _endpoint(endpoint: JsonObject, own_name: str) -> dict[str, JsonValue]:
    """A host name is an alias, without having been asked for as one."""
    return {**endpoint, ALIASES: [alias for alias in as_list(endpoint.get(ALIASES)) if alias != own_name]}


def _is_own(path: str, own: Sequence[str], changes: Sequence[FileChange]) -> bool:
    return path in own and not any(other.path.startswith(f"{path}/") for other in changes)
