"""What of a container's file system is not as in its image."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.domain.examination import ChangeKind, FileChange
from previewer.domain.json_value import JsonObject, as_text

_KINDS = {0: ChangeKind.MODIFIED, 1: ChangeKind.ADDED, 2: ChangeKind.DELETED}
"""Of ``GET /containers/ID/changes``."""


def list_changes(connection: DockerConnection, container: str) -> tuple[FileChange, ...]:
    """The changed paths, sorted; directories that only hold changes are among them."""
    with translate_errors("compare it with its image", subject=f"container {container}"):
        entries: Sequence[JsonObject] = connection.api.diff(container) or ()
    found = [FileChange(as_text(e.get("Path")), _KINDS.get(_number(e), ChangeKind.MODIFIED)) for e in entries]
    return tuple(sorted(found, key=lambda change: change.path))


def _number(entry: JsonObject) -> int:
    kind = entry.get("Kind")
    return kind if isinstance(kind, int) else 0
