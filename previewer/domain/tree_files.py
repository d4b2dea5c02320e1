"""Files of the commit that services read while they run: bind mounts of the repository, config and secret files.

They are served from a volume that is filled with the commit's own copy, read-only, never from the working tree
and never from the engine's host, so that a remote engine works as a local one does.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping

from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text, digest_of
from previewer.domain.naming import slug
from previewer.domain.service import Service

FILES_VOLUME = "previewer-files"
"""The key of the volume that holds the commit's files; one in each generation that needs any."""
FILE_KINDS = ("configs", "secrets")


def is_in_tree(path: str) -> bool:
    """Whether a path of a definition names something in the commit's tree."""
    if not path or path.startswith(("/", "~", "\\")) or path[1:3] in (":\\", ":/"):
        return False
    return posixpath.normpath(path).split("/", 1)[0] != ".."


def tree_sources(definition: Definition) -> tuple[str, ...]:
    """Every path of the tree that a service mounts or that a config or secret is read from, once, sorted."""
    return tuple(sorted({*_mounted(definition), *_described(definition)}))


def digest_tree_files(tree: FileTree, sources: Collection[str]) -> Mapping[str, str]:
    """The digests of those ``sources`` that the commit has: equal for equal content, whatever the commit."""
    found: dict[str, str] = {}
    for source in sorted(sources):
        entries: list[JsonValue] = [[e.path, e.kind.value, e.object_id] for e in tree.below(source)]
        if entries:
            found[source] = digest_of(entries)
    return found


def serve_tree_files(definition: Definition, frozen: Collection[str]) -> Definition:
    """``definition`` with its bind mounts of the repository turned into mounts of volumes.

    A path that is ``frozen`` is served read-only from :data:`FILES_VOLUME`. One that the commit does not have
    (a folder for data, say) becomes an empty volume of the environment's own, which may be written.
    """
    added: dict[str, JsonValue] = {}
    services: dict[str, JsonValue] = {}
    for name, service in definition.services.items():
        entries = map(as_object, as_list(service.spec.get("volumes")))
        mounts: list[JsonValue] = [_serve(entry, frozen, added) for entry in entries]
        services[name] = {**service.spec, "volumes": mounts} if mounts else service.spec
    volumes = {**as_object(definition.model.get("volumes")), **added}
    model = {**definition.model, "services": services, **({"volumes": volumes} if volumes else {})}
    return Definition(
        name=definition.name,
        role=definition.role,
        files=definition.files,
        model=model,
        warnings=definition.warnings,
        locations=definition.locations,
    )


def _serve(entry: JsonObject, frozen: Collection[str], added: dict[str, JsonValue]) -> JsonObject:
    source = as_text(entry.get("source"))
    if entry.get("type") != "bind" or not is_in_tree(source):
        return entry
    kept = {key: value for key, value in entry.items() if key not in ("bind", "source", "type")}
    path = posixpath.normpath(source)
    if source in frozen:
        added[FILES_VOLUME] = {}
        volume: JsonObject = {"nocopy": True} if path == "." else {"nocopy": True, "subpath": path}
        return {**kept, "type": "volume", "source": FILES_VOLUME, "read_only": True, "volume": volume}
    own = f"data-{slug(path)}"
    added[own] = {}
    return {**kept, "type": "volume", "source": own}


def file_references(definition: Definition, service: Service) -> Iterator[tuple[str, JsonObject]]:
    """The configs and secrets that ``service`` uses: ``configs/KEY`` and how the definition describes it."""
    for kind in FILE_KINDS:
        described = as_object(definition.model.get(kind))
        for entry in map(as_object, as_list(service.spec.get(kind))):
            key = as_text(entry.get("source"))
            yield f"{kind}/{key}", as_object(described.get(key))


def _mounted(definition: Definition) -> Iterator[str]:
    for service in definition.services.values():
        for entry in map(as_object, as_list(service.spec.get("volumes"))):
            source = as_text(entry.get("source"))
            if entry.get("type") == "bind" and is_in_tree(source):
                yield source


def _described(definition: Definition) -> Iterator[str]:
    for service in definition.services.values():
        for _reference, description in file_references(definition, service):
            file = as_text(description.get("file"))
            if file and is_in_tree(file):
                yield file
