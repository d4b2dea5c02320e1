"""Open the repository that the user stands in, and have the engine at hand.

What a session opens on first use is imported then: the docker SDK takes a tenth of a second, and listing
branches needs neither it nor the settings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from previewer.errors import NoRepositoryError, NotFoundError
from previewer.operations.session import EngineRoom, Session
from previewer.source.git import GitSource

if TYPE_CHECKING:
    from previewer.freeze.registry.release_bundle import ReleaseBundle
    from previewer.ledger.protocol import Ledger
    from previewer.operations.remembering.readings import Readings
    from previewer.settings.load import Settings

PROJECT_VARIABLE = "PREVIEWER_PROJECT"
MAX_SETTINGS_BYTES = 256 * 1024


def open_session(
    path: str | None = None, *, docker_host: str | None = None, environment: Mapping[str, str]
) -> Session:
    """A session on the repository at ``path`` (the current folder, if ``None``).

    ``environment`` is the caller's; nothing else of the process is looked at. The engine is not connected to
    yet. Where there is no repository, ``path`` may name a project that was pulled, and without ``path`` the only
    one is meant. Raises :class:`SourceError` where there is none either.
    """
    source = _find_source(path, environment)
    is_assumed = path is None and source.is_store and PROJECT_VARIABLE not in environment
    assumed = f"this is no repository: project {source.project}, which was pulled, is meant" if is_assumed else ""
    return make_session(source, docker_host, environment, assumed=assumed, is_chosen=not is_assumed)


def open_pulled_session(
    bundle: ReleaseBundle,
    path: str | None = None,
    *,
    docker_host: str | None = None,
    environment: Mapping[str, str],
) -> Session:
    """A session to keep a pulled release in: on the repository at ``path``, else on the project's store.

    The store is made where there is none. Raises :class:`SourceError` where ``path`` names no repository.
    """
    from previewer.ledger.release_store import make_store
    from previewer.operations.releasing.store import find_store, store_path

    try:
        source = GitSource(path or ".", environment=environment)
    except NoRepositoryError:
        if path is not None and find_store(path, environment) is None:
            raise
        release = bundle.release
        store = store_path(release.project, bundle.installation, environment)
        make_store(store, project=release.project, installation=bundle.installation, id_length=len(release.commit))
        source = GitSource(store, environment=environment)
    return make_session(source, docker_host, environment)


def _find_source(path: str | None, environment: Mapping[str, str]) -> GitSource:
    try:
        return GitSource(path or ".", environment=environment)
    except NoRepositoryError:
        from previewer.operations.releasing.store import find_store

        store = find_store(path, environment)
        if store is None:
            raise
        return GitSource(store, environment=environment)


def make_session(
    source: GitSource,
    docker_host: str | None,
    environment: Mapping[str, str],
    *,
    assumed: str = "",
    is_chosen: bool = True,
    on_close: Callable[[], None] = lambda: None,
) -> Session:
    """A session on a repository that was found; see :class:`Session` for the rest."""
    return Session(
        assumed=assumed,
        is_chosen=is_chosen,
        on_close=on_close,
        source=source,
        open_ledger=lambda: _open_ledger(source, environment),
        read_settings=lambda: _read_settings(source, environment),
        connect=lambda: connect(docker_host),
        open_readings=lambda: _open_readings(environment),
        clock=lambda: datetime.now(UTC),
        new_id=lambda: os.urandom(8).hex(),
        read_key=lambda: _read_key(source, environment),
    )


def _read_key(source: GitSource, environment: Mapping[str, str]) -> bytes:
    from previewer.operations.remembering.user_key import user_key

    return user_key(environment, Path(source.shared_folder))


def _open_ledger(source: GitSource, environment: Mapping[str, str]) -> Ledger:
    from previewer.ledger.git import GitLedger
    from previewer.ledger.heads import RememberedHead

    return GitLedger(
        source.location,
        installation=source.installation,
        actor=source.actor,
        objects=source.objects,
        object_format=source.object_format,
        shared_folder=source.shared_folder,
        remembered=RememberedHead(Path(source.shared_folder), environment),
    )


def _read_settings(source: GitSource, environment: Mapping[str, str]) -> Settings:
    from previewer.settings.load import REPOSITORY_FILE, load_settings, read_user_file, user_settings_path

    default = source.default_branch()
    settings = load_settings(
        user_file=read_user_file(environment),
        user_name=str(user_settings_path(environment)),
        repository_file=_read_file(source, default.commit, REPOSITORY_FILE) if default.commit else None,
        environment=environment,
    )
    return replace(settings, default_branch=default)


def _read_file(source: GitSource, commit: str, path: str) -> bytes | None:
    try:
        return source.tree(commit).read(path, limit=MAX_SETTINGS_BYTES)
    except NotFoundError:
        return None


def _open_readings(environment: Mapping[str, str]) -> Readings:
    from previewer.operations.remembering.readings import remembered_readings

    return remembered_readings(environment)


def connect(docker_host: str | None) -> EngineRoom:
    """The engine at an address, or where the environment says."""
    from previewer.operations.docker_room import DockerRoom

    return DockerRoom(docker_host)
