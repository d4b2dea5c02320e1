"""Open the repository, or the store of a machine without a clone, and connect to the engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from previewer.domain.naming import slug
from previewer.errors import NoRepositoryError, NotFoundError
from previewer.session.readings import remembered_readings
from previewer.session.secrets import find_secret
from previewer.session.session import EngineClients, Session
from previewer.settings.model import REPOSITORY_FILE, EngineKind
from previewer.source.git import GitSource
from previewer.user_folders import state_folder

if TYPE_CHECKING:
    from previewer.freeze.registry.release_bundle import ReleaseBundle
    from previewer.ledger.protocol import Ledger
    from previewer.session.readings import Readings
    from previewer.settings.model import Settings


KEY_BYTES = 32
KEY_FILE = "key"
"""The user's key: what values that may be secret are hashed with, so that hashes cannot be tried out by others."""
FOLDER = "previewer"
"""Below the user's folder for data."""
SUFFIX = ".git"
PROJECT_VARIABLE = "PREVIEWER_PROJECT"
HOST_VARIABLE = "PREVIEWER_HOST"
"""The host name that published ports are reached at from here, where previewer does not find it out."""


def find_store(name: str | None, environment: Mapping[str, str]) -> Path | None:
    """The store called ``name``, else the one of ``PREVIEWER_PROJECT``, else the only one; ``None`` without any.

    Raises :class:`NotFoundError` where there are several and none was named.
    """
    folder, stores = stores_folder(environment), _stores(environment)
    wanted = name or environment.get(PROJECT_VARIABLE)
    if wanted:
        return stores.get(wanted)
    if len(stores) > 1:
        raise NotFoundError(
            "this is not a repository, and several projects were pulled",
            where=str(folder),
            hint=f"say which one: --project {' or --project '.join(stores)}",
        )
    return next(iter(stores.values()), None)


def store_names(environment: Mapping[str, str]) -> tuple[str, ...]:
    """What the projects are called that were pulled."""
    return tuple(_stores(environment))


def _stores(environment: Mapping[str, str]) -> dict[str, Path]:
    folder = stores_folder(environment)
    return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))} if folder is not None else {}


def store_path(project: str, installation: str, environment: Mapping[str, str]) -> Path:
    """Where the store of a repository is, or is to be made; two projects of one name have one each.

    Raises :class:`NotFoundError` where ``environment`` names no home.
    """
    folder = stores_folder(environment)
    if folder is None:
        raise NotFoundError("there is no folder for data", hint="set HOME or XDG_DATA_HOME")
    plain = folder / f"{slug(project)}{SUFFIX}"
    if not plain.is_dir() or GitSource(plain).installation == installation:
        return plain
    return folder / f"{slug(project)}-{slug(installation)[:8]}{SUFFIX}"


def stores_folder(environment: Mapping[str, str]) -> Path | None:
    """Below ``XDG_DATA_HOME``, else where the platform keeps such files; ``None`` without a home."""
    if folder := environment.get("XDG_DATA_HOME"):
        return Path(folder) / FOLDER
    if not (home := environment.get("HOME")):
        return None
    folder = "Library/Application Support" if sys.platform == "darwin" else ".local/share"
    return Path(home) / folder / FOLDER


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
    assumed = (
        f"this is not a repository: project {source.project}, which was pulled, is meant" if is_assumed else ""
    )
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
    from previewer.ledger.store import make_store

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
    session = Session(
        assumed=assumed,
        is_chosen=is_chosen,
        on_close=on_close,
        source=source,
        open_ledger=lambda: _open_ledger(source, environment),
        read_settings=lambda: _read_settings(source, environment),
        connect=lambda: connect(
            docker_host, reached_as=environment.get(HOST_VARIABLE, ""), kind=session.settings.engine
        ),
        open_readings=lambda: _open_readings(environment),
        clock=lambda: datetime.now(UTC),
        new_id=lambda: os.urandom(8).hex(),
        read_key=lambda: _user_key(environment, Path(source.shared_folder)),
        find_secret=cache(lambda text: _find_secret(source, environment, text)),
    )
    return session


def _user_key(environment: Mapping[str, str], shared: Path) -> bytes:
    """The key in the user's state folder, which the first call makes; for a user without a home, the clone's.

    Where neither can be written, a key of this process alone: nothing is then recognised the next time.
    """
    folder = state_folder(environment)
    path = folder / KEY_FILE if folder is not None else shared / f"previewer-{KEY_FILE}"
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = path.with_name(f"{KEY_FILE}.{os.getpid()}.{os.urandom(4).hex()}")
        if not path.exists():
            with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(os.urandom(KEY_BYTES))
            with suppress(FileExistsError):
                os.link(made, path)  # the first process wins
            made.unlink()
        key = path.read_bytes()
        if len(key) == KEY_BYTES:
            return key
    return os.urandom(KEY_BYTES)


def _find_secret(source: GitSource, environment: Mapping[str, str], text: str) -> str:
    trusted = source.default_branch().commit
    return find_secret(text, environment, lambda path: _read_file(source, trusted, path) if trusted else None)


def _open_ledger(source: GitSource, environment: Mapping[str, str]) -> Ledger:
    from previewer.ledger.git import GitLedger
    from previewer.ledger.history import RememberedHead

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
    from previewer.settings.load import load_settings, read_user_file, user_settings_path

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
    return remembered_readings(environment)


def connect(
    docker_host: str | None, *, reached_as: str = "", kind: EngineKind = EngineKind.DOCKER
) -> EngineClients:
    """The engine at an address, or where the environment says; ``reached_as`` is where its ports are reached.

    Raises :class:`UnsupportedError` where ``kind`` is a swarm and the engine manages none.
    """
    from previewer.session.engine_clients import DockerClients, SwarmClients

    clients = DockerClients if kind is EngineKind.DOCKER else SwarmClients
    return clients(docker_host, reached_as=reached_as)
