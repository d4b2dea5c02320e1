"""Work outside of any repository: on a project that was pulled, else by what the engine's labels say.

A job that only takes down need not have a clone (GitLab's ``GIT_STRATEGY: none``). What only the clone that made
an environment knows (pins, extensions, history, its lock) is not known then, and users are told so.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from previewer.domain.labels import Ownership
from previewer.domain.naming import environment_name
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError
from previewer.ledger.store import SHA1_DIGITS, make_store
from previewer.session.open_session import connect, find_store, make_session, stores_folder
from previewer.session.session import Session
from previewer.source.git import GitSource

EVERYWHERE = "everywhere"
"""The installation of a session that is about all projects of an engine, for it is that of none."""
UNKNOWN = "pins, extensions and the history of the clone that made its environments are not known here"


def open_outside(
    names: Sequence[str],
    *,
    project: str | None,
    is_everywhere: bool = False,
    docker_host: str | None = None,
    environment: Mapping[str, str],
) -> Session:
    """A session for the environments ``names``, or for all of ``project``, without a repository.

    A project that was pulled keeps its own ledger; for any other there is one that ends with the session. With
    ``is_everywhere`` no single project is meant. Raises :class:`NotFoundError` for what is not on the engine or
    belongs to several projects, and :class:`EngineUnreachableError`.
    """
    if project is not None and (store := find_store(project, environment)) is not None:
        return make_session(GitSource(store, environment=environment), docker_host, environment)
    owners = _owners(docker_host, project)
    if names:
        owners = [owner for owner in owners if owner.environment in _full_names(names, owner)] or _no_such(
            names, owners
        )
    installation, title = _only_project(owners, project, is_everywhere=is_everywhere)
    store = _store_of(installation, environment)
    if store is not None:
        assumed = "" if project else f"this is not a repository: project {title}, which was pulled, is meant"
        return make_session(GitSource(store, environment=environment), docker_host, environment, assumed=assumed)
    folder = Path(tempfile.mkdtemp(prefix="previewer-"))
    make_store(folder / "ledger.git", project=title, installation=installation, id_length=SHA1_DIGITS)
    source = GitSource(folder / "ledger.git", environment=environment)
    return make_session(
        source,
        docker_host,
        environment,
        assumed=f"this is not a repository, so only the engine's labels count: {UNKNOWN}",
        is_chosen=bool(project or names),
        on_close=lambda: shutil.rmtree(folder, ignore_errors=True),
    )


def _owners(docker_host: str | None, project: str | None) -> list[Ownership]:
    room = connect(docker_host)
    try:
        owners = room.engine.observe(Selection()).owners
    finally:
        room.close()
    return [owner for owner in owners if project in (None, owner.project)]


def _full_names(names: Sequence[str], owner: Ownership) -> Collection[str]:
    return {*names, *(environment_name(owner.project, name) for name in names)}


def _no_such(names: Sequence[str], owners: Sequence[Ownership]) -> list[Ownership]:
    known = ", ".join(sorted({owner.environment for owner in owners})[:10])
    raise NotFoundError(
        "no such environment on this engine, and this is not a repository",
        where=", ".join(names),
        hint=f"there is {known}" if known else "no project has one there",
    )


def _only_project(owners: Sequence[Ownership], project: str | None, *, is_everywhere: bool) -> tuple[str, str]:
    """The installation that all ``owners`` are of, and what it is called."""
    found = {owner.installation: owner.project for owner in owners}
    if is_everywhere or (not found and project is None):
        return EVERYWHERE, EVERYWHERE
    if not found:
        raise NotFoundError("no environment of this project is on this engine", where=project)
    if len(found) > 1:
        titles = sorted(set(found.values()))
        hint = f"say which one: --project {' or --project '.join(titles)}"
        if len(titles) == 1:
            hint = "two repositories call their projects so: change into a clone of the right one"
        raise NotFoundError("this is not a repository, and several projects are meant", hint=hint)
    return next(iter(found.items()))


def _store_of(installation: str, environment: Mapping[str, str]) -> Path | None:
    folder = stores_folder(environment)
    stores = sorted(folder.glob("*.git")) if folder is not None else []
    return next((store for store in stores if GitSource(store).installation == installation), None)
