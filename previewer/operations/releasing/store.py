"""Where releases are kept on a machine that has no clone of their repository."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from previewer.domain.naming import slug
from previewer.errors import NotFoundError

FOLDER = "previewer"
"""Below the user's folder for data."""
SUFFIX = ".git"
PROJECT_VARIABLE = "PREVIEWER_PROJECT"


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
            "this is no repository, and several projects were pulled",
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
    from previewer.source.git import GitSource

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
