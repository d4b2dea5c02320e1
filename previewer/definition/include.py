"""Files that a definition includes, and services that it extends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from previewer.definition.merge import delete_paths, merge
from previewer.definition.paths import directory_of, is_remote, unmount
from previewer.definition.reading import Reading
from previewer.definition.values import (
    MAX_EXTENDS_DEPTH,
    MAX_INCLUDE_DEPTH,
    RESOURCE_SECTIONS,
    ModelError,
    Table,
    Value,
    as_table,
    copy_table,
    count_nodes,
    nearest_name_hint,
    table_at,
    text_or_items,
)
from previewer.domain.compose.definition import ModelPath

REMOTE_PREFIX = "oci://"


class Project(Struct, frozen=True):
    """What a file is loaded as part of."""

    variables: Mapping[str, str]
    directory: str
    """Where relative paths are seen from; absolute."""
    trail: tuple[str, ...] = ()
    """The files that include each other down to this one."""


LoadProject = Callable[[list[str], Project], Table]
"""Loads files that override each other, as one project."""


def apply_includes(
    reading: Reading, model: Table, deletions: tuple[ModelPath, ...], project: Project, *, load: LoadProject
) -> None:
    """Take ``include`` out of ``model`` and what it names in, in place; ``project.trail`` ends with this file.

    ``deletions`` are what the file takes away (``!reset``, ``!override``), of included resources too.
    Raises :class:`ModelError` for files that include each other, and remote ones.
    """
    includes = model.pop("include", None)
    for index, item in enumerate(includes if isinstance(includes, list) else []):
        path = ("include", str(index))
        entry: Table = {"path": item} if isinstance(item, str) else as_table(item)
        files = [_local_file(reading, file, project, path) for file in text_or_items(entry.get("path"))]
        if not files:
            raise ModelError("the key 'path' is missing", path=path)
        if files[0] in project.trail or len(project.trail) > MAX_INCLUDE_DEPTH:
            chain = " → ".join(unmount(file) for file in (*project.trail, files[0]))
            raise ModelError(f"files include each other in a circle, or too deeply: {chain}", path=path)
        included = load(files, _included_project(reading, entry, files[0], project))
        _take_in(model, included, deletions)


def _local_file(reading: Reading, file: Value, project: Project, path: tuple[str, ...]) -> str:
    text = str(file)
    if is_remote(text) or text.startswith(REMOTE_PREFIX):
        raise ModelError(
            f"{text} is not part of the commit", path=path, hint="include only files of the same repository"
        )
    return reading.absolute(text, project.directory)


def _included_project(reading: Reading, entry: Table, first_file: str, project: Project) -> Project:
    own = entry.get("project_directory")
    directory = (
        reading.absolute(own, project.directory) if isinstance(own, str) and own else directory_of(first_file)
    )
    env_files = [reading.absolute(str(file), project.directory) for file in text_or_items(entry.get("env_file"))]
    variables: dict[str, str] = {}
    if env_files:
        variables = read_env_files(reading, env_files, variables=project.variables)
    else:
        variables = reading.default_dotenv(directory, lookup=project.variables.get)
    return Project({**variables, **project.variables}, directory, project.trail)


def read_env_files(reading: Reading, paths: list[str], *, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of several environment files, the last one winning. Raises :class:`ModelError`."""
    found: dict[str, str] = {}
    for path in paths:
        read = reading.dotenv(path, lookup=variables.get, before=found)
        if read is None:
            read = reading.uncommitted_environment(path, lookup=variables.get)
        if read is None:
            raise ModelError(f"the environment file {unmount(path)} is not in the commit")
        found.update(read)
    return found


def _take_in(model: Table, included: Table, deletions: tuple[ModelPath, ...]) -> None:
    """Add what ``included`` defines; ``model`` wins where both define the same, and equal definitions are one.

    As in Compose, ``!reset`` and ``!override`` of a whole resource leave the included one as it is.
    """
    below = tuple(path for path in deletions if len(path) > 2)
    for section in ("services", *RESOURCE_SECTIONS):
        resources = table_at(included, section)
        own = model.setdefault(section, {}) if resources else None
        if not isinstance(own, dict):
            continue
        for name, resource in resources.items():
            if name in own and own[name] != resource:
                included_one: Table = {section: {name: resource}}
                delete_paths(included_one, below)
                own[name] = table_at(merge(included_one, {section: {name: own[name]}}), section)[name]
            else:
                own[name] = resource


# ``extends``: a service that begins as a copy of another one (Compose Specification).
#
# What extends changes what is extended by the rules of merging. A service of the same file is taken
# as it is written; one of another file with its variables replaced, in long form and with paths as
# seen from its own directory.


@dataclass(slots=True)
class ServiceFile:
    """The services of one file, to be looked up by those that extend them; extended ones are kept."""

    path: str
    directory: str
    """Where its relative paths are seen from."""
    services: Table
    deletions: tuple[ModelPath, ...]
    """What its ``!reset`` and ``!override`` take away."""


@dataclass(slots=True)
class ExtendsResolver:
    """Resolves ``extends`` in one document."""

    reading: Reading
    load_services: Callable[[str], ServiceFile]
    """Loads another file for its services; the path is absolute."""
    loaded: dict[str, ServiceFile] = field(default_factory=dict)

    def resolve(self, document: ServiceFile) -> None:
        """Replace every service of ``document`` that extends another one by the whole service, in place.

        Raises :class:`ModelError` for a service that is not there and for services that extend each other.
        """
        for name in list(document.services):
            self._resolve_service(name, document, ())

    def _resolve_service(self, name: str, document: ServiceFile, trail: tuple[tuple[str, str], ...]) -> Value:
        path = ("services", name, "extends")
        service = document.services[name]
        if service is None:
            return None
        if not isinstance(service, dict):
            raise ModelError("this must be a mapping", path=path[:-1])
        extends = service.get("extends")
        if extends is None:
            return service
        if (document.path, name) in trail or len(trail) >= MAX_EXTENDS_DEPTH:
            chain = " → ".join([*(step for _, step in trail), name][-8:])
            raise ModelError(f"services extend each other in a circle, or too deeply: {chain}", path=path)
        base_name, base_document = self._find_base(extends, document, path)
        base = self._resolve_service(base_name, base_document, (*trail, (document.path, name)))
        if isinstance(base, dict):
            self.reading.remember_ancestor(name, path=base_document.path, ancestor=base_name)
            document.services[name] = self._merge(name, base, service, document)
        return document.services[name]

    def _find_base(self, extends: Value, document: ServiceFile, path: ModelPath) -> tuple[str, ServiceFile]:
        """The service that is extended, and the file it is in."""
        name = extends if isinstance(extends, str) else as_table(extends).get("service")
        file = as_table(extends).get("file")
        if not isinstance(name, str):
            raise ModelError("the key 'service' is missing", path=path)
        base = document
        if isinstance(file, str) and file:
            base = self._load(self.reading.absolute(file, document.directory))
        if name not in base.services:
            raise ModelError(
                f"there is no service {name!r} in {unmount(base.path)}",
                path=path,
                hint=nearest_name_hint(name, base.services),
            )
        return name, base

    def _load(self, path: str) -> ServiceFile:
        if path not in self.loaded:
            self.loaded[path] = self.load_services(path)
        return self.loaded[path]

    def _merge(self, name: str, base: Table, service: Table, document: ServiceFile) -> Table:
        """``service`` on top of a copy of ``base``."""
        self.reading.nodes.spend(count_nodes(base))
        begun = copy_table(base)
        delete_paths({"services": {name: begun}}, document.deletions)
        merged = as_table(merge({"services": {"": begun}}, {"services": {"": service}}))
        result = as_table(table_at(merged, "services")[""])
        result.pop("extends", None)
        return result
