"""Which files define an environment: ``envs/NAME.yaml``, else a Compose file, else a lone ``Dockerfile``."""

from __future__ import annotations

import posixpath

from previewer.domain.file_tree import FileTree
from previewer.errors import NotFoundError

ENVIRONMENTS_DIRECTORY = "envs"
DEFINITION_SUFFIXES = (".yaml", ".yml")
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""The first one that is there counts."""
OVERRIDE_FILES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""The first one that is there changes the Compose file."""
DOCKERFILE = "Dockerfile"
DEFAULT_NAME = "preview"
FIRST_NAMES = (DEFAULT_NAME, "staging", "production")
"""Named before all others."""


def discover_files(tree: FileTree, name: str) -> tuple[str, ...]:
    """The Compose files of the definition ``name``, the main one first; none for a lone ``Dockerfile``.

    Raises :class:`NotFoundError` that says what was looked for.
    """
    own = [f"{ENVIRONMENTS_DIRECTORY}/{name}{suffix}" for suffix in DEFINITION_SUFFIXES]
    if found := _first_file(tree, own):
        return (found,)
    names = _names_in_environments(tree)
    if names and name != DEFAULT_NAME:
        raise NotFoundError(
            f"there is no definition {name!r} at this commit",
            hint=f"looked for {' and '.join(own)}; there are {', '.join(names)}",
        )
    if main := _first_file(tree, COMPOSE_FILES):
        override = _first_file(tree, OVERRIDE_FILES)
        return (main, override) if override else (main,)
    if tree.is_file(DOCKERFILE):
        return ()
    raise NotFoundError(
        f"there is no definition {name!r} at this commit",
        hint=f"looked for {', '.join((*own, *COMPOSE_FILES, DOCKERFILE))}",
    )


def definition_names(tree: FileTree) -> tuple[str, ...]:
    """The names of the definitions: those in ``envs/``, else ``preview`` where there is anything to run."""
    if names := _names_in_environments(tree):
        return names
    return (DEFAULT_NAME,) if _first_file(tree, (*COMPOSE_FILES, DOCKERFILE)) else ()


def _names_in_environments(tree: FileTree) -> tuple[str, ...]:
    names = set()
    for file in tree.list_directory(ENVIRONMENTS_DIRECTORY):
        stem, suffix = posixpath.splitext(file)
        if suffix in DEFINITION_SUFFIXES and stem and tree.is_file(f"{ENVIRONMENTS_DIRECTORY}/{file}"):
            names.add(stem)
    first = [name for name in FIRST_NAMES if name in names]
    return (*first, *sorted(names.difference(first)))


def _first_file(tree: FileTree, paths: tuple[str, ...] | list[str]) -> str | None:
    return next((path for path in paths if tree.is_file(path)), None)
