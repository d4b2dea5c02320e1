"""Compose files at a commit become a :class:`~previewer.domain.compose.definition.Definition`.

The only importer of ``yaml``. ``load.py`` shows the order of work; docs/compose.md says where previewer
deliberately differs from Docker Compose.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace

from previewer.definition.discover import (
    DEFAULT_NAME,
    DOTENV,
    definition_names,
    derive_from_dockerfile,
    discover_files,
    files_in_dotenv,
    how_to_begin,
    starting_points,
)
from previewer.definition.load import LoadOptions, load_files
from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import DEFAULT_CHOICE, Definition, ReadingChoice, Role, role_of_name
from previewer.domain.compose.references import References

__all__ = [
    "definition_names",
    "discover_files",
    "how_to_begin",
    "load_definition",
    "load_named",
    "starting_points",
]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_FILES: Mapping[str, Collection[str]] = MappingProxyType({})


def load_definition(
    tree: FileTree,
    *,
    files: Sequence[str],
    variables: Mapping[str, str] = _NOTHING,
    env_files: Sequence[str] = (),
    profiles: Sequence[str] = (),
    project_name: str | None = None,
    name: str = DEFAULT_NAME,
) -> Definition:
    """The definition that ``files`` make together, normalised as ``docker compose config`` does.

    Paths are relative to the root of ``tree``. ``variables`` are the only ones that ``${NAME}`` can have
    besides those of ``.env`` (or of ``env_files``). Raises :class:`DefinitionError` with file, line and column,
    :class:`OutsideTreeError` for a file outside the commit, :class:`UsageError` for a project name that is
    none.
    """
    options = LoadOptions(
        variables=variables,
        env_files=env_files,
        profiles=profiles,
        project_name=project_name,
        name=name,
    )
    return load_files(tree, files, options)


def load_named(
    tree: FileTree,
    name: str,
    *,
    variables: Mapping[str, str] = _NOTHING,
    references: References | None = None,
    config_mounts: Mapping[str, Collection[str]] = _NO_FILES,
    project_name: str | None = None,
    choice: ReadingChoice = DEFAULT_CHOICE,
) -> Definition:
    """The definition ``name``: discovered, loaded, and its role taken from ``x-previewer`` or else from its name.

    Relative paths are seen from the directory of the file, so ``envs/preview.yaml`` builds the repository by
    ``..``. With ``references`` instead of ``variables``, the definition refers to them where it can.
    ``config_mounts`` has the names of those that each environment file of the user's machine gives. Raises
    :class:`NotFoundError` where there is none, and whatever :func:`load_definition` raises.
    """
    role = role_of_name(name)
    files = choice.files or discover_files(tree, name)
    if not files:
        return derive_from_dockerfile(tree, name=name, role=role, project_name=project_name)
    options = LoadOptions(
        variables=references.marked if references is not None else variables,
        expand=references.expand if references is not None else str,
        env_files=choice.env_files,
        leading_env_files=(DOTENV,) if not choice.files and files == files_in_dotenv(tree) else (),
        config_mounts=config_mounts,
        takes_examples=choice.takes_examples,
        profiles=choice.profiles,
        project_name=project_name,
        name=name,
        role=role,
    )
    definition = replace(load_files(tree, files, options), choice=choice)
    written = definition.raw_extension.get("role")
    return replace(definition, role=Role(written)) if isinstance(written, str) else definition
