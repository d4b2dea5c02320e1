"""What of a container's file system is not as in its image."""

from __future__ import annotations

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.paths import container_path
from previewer.docker_api.request import get_json
from previewer.domain.examination import ChangeKind, FileChange
from previewer.domain.json_value import as_integer, as_list, as_object, as_text

_KINDS = {0: ChangeKind.MODIFIED, 1: ChangeKind.ADDED, 2: ChangeKind.DELETED}
"""Of ``GET /containers/ID/changes``."""


def list_changes(connection: DockerConnection, container: str) -> tuple[FileChange, ...]:
    """The changed paths, sorted; directories that only hold changes are among them."""
    with translate_errors("compare it with its image", subject=f"container {container}"):
        answer = get_json(connection, container_path(container, "/changes"))
    entries = map(as_object, as_list(answer))
    found = [
        FileChange(as_text(e.get("Path")), _KINDS.get(as_integer(e.get("Kind")), ChangeKind.MODIFIED))
        for e in entries
    ]
    return tuple(sorted(found, key=lambda change: change.path))
