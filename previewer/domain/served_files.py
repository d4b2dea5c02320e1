"""How services get files of the commit: from a volume that is filled with the commit's own copy.

Never from the working tree and never from the engine's host, so that a remote engine works as a local one does.
Configs and secrets are copied into containers, but for those that nothing can be copied into: they mount them
from the same volume.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from previewer.domain.definition import Definition
from previewer.domain.given_files import DEFAULT_FOLDERS, GivenFile, given_files
from previewer.domain.isolation import Rewrite
from previewer.domain.isolation.change import Change, apply_changes, change_service
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.naming import RESERVED_NAMES, slug
from previewer.domain.service import Service
from previewer.domain.tree_files import is_in_tree, mounted_sources
from previewer.frozen import dataclass

FILES_VOLUME = f"{RESERVED_NAMES}files"
"""The key of the volume that holds the commit's files; one in each generation that needs any."""
COMMIT_FOLDER = "commit"
"""Where that volume has files of the commit, under their path in the tree."""
GIVEN_FOLDER = "given"
"""Where it has configs and secrets, apart for every service: each sees its own and no others."""


@dataclass(frozen=True, slots=True)
class Served:
    """A definition whose services mount nothing but volumes."""

    definition: Definition
    rewrites: tuple[Rewrite, ...]
    sources: tuple[str, ...]
    """What of the tree the volume holds, under :data:`COMMIT_FOLDER`; sorted."""
    given: Mapping[str, GivenFile]
    """The configs and secrets that it holds, by their path in it."""


def serve_files(definition: Definition, frozen: Collection[str]) -> Served:
    """``definition`` with its bind mounts of the repository turned into mounts of volumes.

    A path that is ``frozen`` is served read-only from :data:`FILES_VOLUME`. One that the commit does not have
    (a folder for data, say) becomes an empty volume of the environment's own, which may be written. Configs and
    secrets of a container that nothing can be copied into are mounts too.
    """
    changes: list[Change] = []
    given: dict[str, GivenFile] = {}
    for service in definition.services.values():
        changes.extend(_serve_sources(definition, service, frozen))
        found = given_files(service)
        if any(_takes_no_copy(service, file.path) for file in found):
            places = {f"{GIVEN_FOLDER}/{service.name}/{number}": file for number, file in enumerate(found)}
            changes.extend(_mount_given(service, places))
            given |= places
    added = _added_volumes(changes)
    wanted = [*((change.path, change.after) for change in changes), *((("volumes", key), {}) for key in added)]
    return Served(
        definition=replace(definition, model=as_object(apply_changes(definition.model, wanted))),
        rewrites=tuple(
            Rewrite(c.path, definition.locate(c.path), c.before, c.after, c.reason) for c in changes if c.reason
        ),
        sources=tuple(sorted(set(frozen).intersection(mounted_sources(definition)))),
        given=given,
    )


def _serve_sources(definition: Definition, service: Service, frozen: Collection[str]) -> Iterator[Change]:
    for index, entry in enumerate(_mounts(service)):
        source = as_text(entry.get("source"))
        if entry.get("type") != "bind" or not is_in_tree(source):
            continue
        path, target = posixpath.normpath(source), as_text(entry.get("target"))
        if source in frozen:
            after = _mount(posixpath.normpath(f"{COMMIT_FOLDER}/{path}"), target)
            reason = "services get the commit's own copy, read-only, on whatever engine they run"
        else:
            kept = {key: value for key, value in entry.items() if key != "bind"}
            after = {**kept, "type": "volume", "source": _data_volume(definition, path)}
            reason = f"the commit has no {path}; each environment has an empty volume in its place"
        yield change_service(service, "volumes", str(index), after=after, reason=reason)


def _data_volume(definition: Definition, path: str) -> str:
    """The key of the volume in the place of ``path``: none that the definition has for something else."""
    key = f"data-{slug(path)}"
    return f"{RESERVED_NAMES}{key}" if key in definition.volumes else key


def _mount_given(service: Service, places: Mapping[str, GivenFile]) -> Iterator[Change]:
    """Mounts instead of the configs and secrets of ``service``, which are at ``places`` in the volume."""
    mounts: list[JsonValue] = [_mount(place, file.path) for place, file in places.items()]
    for kind in DEFAULT_FOLDERS:
        if service.spec.get(kind):
            reason = "nothing can be copied into this container; they are mounted, read-only"
            yield change_service(service, kind, after=None, reason=reason)
    count = len(_mounts(service))
    if not count:
        yield change_service(service, "volumes", after=mounts)
        return
    for number, mount in enumerate(mounts, start=count):
        yield change_service(service, "volumes", str(number), after=mount)


def _mount(subpath: str, target: str) -> JsonObject:
    return {
        "type": "volume",
        "source": FILES_VOLUME,
        "target": target,
        "read_only": True,
        "volume": {"nocopy": True, "subpath": subpath},
    }


def _takes_no_copy(service: Service, path: str) -> bool:
    """Whether the engine refuses to copy to ``path``, or something is mounted over it at the start."""
    memory = [as_text(entry).split(":")[0] for entry in as_list(service.spec.get("tmpfs"))]
    closed = [
        entry for entry in _mounts(service) if entry.get("type") == "tmpfs" or entry.get("read_only") is True
    ]
    covered = (*memory, *(as_text(entry.get("target")) for entry in closed))
    return service.spec.get("read_only") is True or any(_is_below(path, folder) for folder in covered)


def _is_below(path: str, folder: str) -> bool:
    return f"{posixpath.normpath(path)}/".startswith(f"{posixpath.normpath(folder).rstrip('/')}/")


def _mounts(service: Service) -> list[JsonObject]:
    return [as_object(entry) for entry in as_list(service.spec.get("volumes"))]


def _added_volumes(changes: Iterable[Change]) -> tuple[str, ...]:
    """The keys of the volumes that the changed mounts are of, once, sorted."""
    mounts = [mount for change in changes for mount in _mounts_in(change.after)]
    return tuple(sorted({as_text(mount.get("source")) for mount in mounts}))


def _mounts_in(value: JsonValue) -> list[JsonObject]:
    return [as_object(entry) for entry in (value if isinstance(value, list) else [value]) if entry]
