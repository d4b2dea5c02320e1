"""``extends``: a service that begins as a copy of another one (Compose Specification).

What extends changes what is extended by the rules of merging. A service of the same file is taken as it is
written; one of another file with its variables replaced, in long form and with paths as seen from its own
directory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from previewer.definition.limits import MAX_EXTENDS_DEPTH
from previewer.definition.merge import delete_paths, merge
from previewer.definition.paths import unmount
from previewer.definition.reading import Reading
from previewer.definition.values import (
    ModelError,
    Table,
    Value,
    as_table,
    copy_table,
    count_nodes,
    nearest_name_hint,
)
from previewer.domain.compose.definition import ModelPath


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
        result = as_table(as_table(merged["services"])[""])
        result.pop("extends", None)
        return result
