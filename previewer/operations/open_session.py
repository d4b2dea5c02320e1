"""Open the repository that the user stands in, and have the engine at hand."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from previewer.errors import NotFoundError
from previewer.ledger.git import GitLedger
from previewer.operations.session import EngineRoom, Session
from previewer.operations.settings import REPOSITORY_FILE, Settings, load_settings, read_user_file
from previewer.source.git import GitSource
from previewer.source.protocol import Source

MAX_SETTINGS_BYTES = 256 * 1024


def open_session(
    path: str | None = None, *, docker_host: str | None = None, environment: Mapping[str, str]
) -> Session:
    """A session on the repository at ``path`` (the current folder, if ``None``).

    ``environment`` is the caller's; nothing else of the process is looked at. The engine is not connected to
    yet. Raises :class:`SourceError` where there is no repository.
    """
    source = GitSource(path or ".")
    return Session(
        source=source,
        open_ledger=lambda: GitLedger(source.location, installation=source.installation, actor=source.actor),
        read_settings=lambda: _read_settings(source, environment),
        connect=lambda: _connect(docker_host),
        clock=lambda: datetime.now(UTC),
        new_id=lambda: uuid.uuid4().hex[:16],
    )


def _read_settings(source: Source, environment: Mapping[str, str]) -> Settings:
    return load_settings(
        user_file=read_user_file(environment), repository_file=_repository_file(source), environment=environment
    )


def _repository_file(source: Source) -> bytes | None:
    """The settings of the default branch: the only ones that a branch under preview cannot have written."""
    default = source.default_branch()
    if default is None:
        return None
    try:
        tree = source.tree(source.resolve(default).commit.id)
        return tree.read(REPOSITORY_FILE, limit=MAX_SETTINGS_BYTES)
    except NotFoundError:
        return None


def _connect(docker_host: str | None) -> EngineRoom:
    # The docker SDK takes a tenth of a second to import; listing branches need not wait for it.
    from previewer.operations.docker_room import DockerRoom

    return DockerRoom(docker_host)
