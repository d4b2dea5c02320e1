"""Forget a project that was pulled to a machine without a clone: its releases, history and tombstones here."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from previewer.errors import ConflictError, NotFoundError
from previewer.records.environments import list_environments
from previewer.session.open_session import find_store, make_session, store_names
from previewer.source.git import GitSource


def forget_project(name: str, *, is_forced: bool, docker_host: str | None, environment: Mapping[str, str]) -> Path:
    """Remove what is kept of a project; where that was. Its images stay on the engine.

    Raises :class:`NotFoundError` for one that was not pulled, and :class:`ConflictError` while it has
    environments: what they run could not be replaced or rolled back any more. ``is_forced`` does not ask.
    """
    store = find_store(name, environment)
    if store is None:
        known = ", ".join(store_names(environment))
        hint = f"there is {known}" if known else "none was pulled to this machine"
        raise NotFoundError("no such project was pulled", where=name, hint=hint)
    if not is_forced:
        with make_session(GitSource(store), docker_host, environment) as session:
            running = ", ".join(found.name for found in list_environments(session))
        if running:
            raise ConflictError(
                f"it has environments: {running}",
                where=name,
                hint=f"previewer down --all --project {name}; or leave them with --force",
            )
    shutil.rmtree(store)
    return store
