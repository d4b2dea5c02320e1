"""How services get files of the commit: from volumes that are filled with the commit's own copy.

Never from the working tree and never from the engine's host, so that a remote engine works as a local one does.
What is bound ``:ro`` is shared, read-only; what may be written is a copy of the service's own. Configs and secrets
are copied into containers, but for those that nothing can be copied into: they mount them from the shared volume.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.mounted_files import (
    DEFAULT_FOLDERS,
    ConfigMount,
    config_mounts,
    is_in_tree,
    looks_like_file,
)
from previewer.domain.compose.service import Service
from previewer.domain.isolation.change import Change, apply_changes, change_service
from previewer.domain.isolation.isolate import Rewrite, empty_volume
from previewer.domain.json_value import JsonObject, JsonValue, as_object
from previewer.domain.naming import RESERVED_NAMES, slug
from previewer.errors import DefinitionError, OutsideTreeError

FILES_VOLUME = f"{RESERVED_NAMES}files"
"""The key of the volume of what is only read; one in each generation that needs any."""
FILE_COPIES = f"{RESERVED_NAMES}files-of-"
"""Before a service's name: the key of the volume of single files that it may write to. It mounts the files alone,
never the volume, so that it cannot put anything else in their place."""
FOLDER_COPY = f"{RESERVED_NAMES}copy-"
"""Begins the key of the volume of a folder that a service may write to; it is mounted as a whole."""
COMMIT_FOLDER = "commit"
"""Where volumes have files of the commit, under their path in the tree."""
GIVEN_FOLDER = "given"
"""Where :data:`FILES_VOLUME` has configs and secrets, apart for every service: each sees its own and no others."""


class VolumeContent(Struct, frozen=True):
    """What a volume holds before any service sees it."""

    cause: str
    """Ends the sentence "the volume is filled because"."""
    service: str = ""
    """The service that may write to it: what it holds is owned by that service's user; empty for root."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Paths of the tree by their place in the volume, which is empty for the volume itself."""
    given: Mapping[str, ConfigMount] = field(default_factory=dict)
    """Configs and secrets by their place in the volume."""
    mount_points: Mapping[str, bool] = field(default_factory=dict)
    """Places at which something else is mounted, and whether that is a file."""


class Served(Struct, frozen=True):
    """A definition whose services mount nothing but volumes."""

    definition: Definition
    rewrites: tuple[Rewrite, ...]
    contents: Mapping[str, VolumeContent]
    """What volumes are filled with, by their keys."""
    left_out: tuple[str, ...]
    """Mounts of what looks like a file and is not committed, one line each."""


def is_served(volume: str) -> bool:
    """Whether the volume of this key has files of the commit, and no data."""
    return volume == FILES_VOLUME or volume.startswith((FILE_COPIES, FOLDER_COPY))


def may_mount_by_path(volume: str) -> bool:
    """Whether a path of the volume of this key may be mounted by its place on the engine's host.

    The engine follows symbolic links there: so only of volumes in which no container can put one.
    """
    return volume == FILES_VOLUME or volume.startswith(FILE_COPIES)


def serve_files(definition: Definition, frozen: Collection[str], tree: Callable[[], FileTree]) -> Served:
    """``definition`` with its bind mounts of the repository turned into mounts of volumes.

    A path that is ``frozen`` is served from the commit's files, which ``tree`` opens: read-only from
    :data:`FILES_VOLUME`, else from a copy of the service's own. One that the commit does not have becomes an empty
    volume of the environment's own; what looks like a file is left out. Configs and secrets of a container that
    nothing can be copied into are mounts too. Raises :class:`DefinitionError` for what is not there and is not to
    be made.
    """
    serving = _Serving(definition, frozen, tree)
    for service in definition.services.values():
        serving.serve(service)
    wanted: list[tuple[ModelPath, JsonValue]] = [(change.path, change.after) for change in serving.changes]
    wanted += [(("volumes", key), {}) for key in sorted(serving.volumes)]
    return Served(
        definition=replace(definition, model=as_object(apply_changes(definition.model, wanted))),
        rewrites=tuple(
            Rewrite(c.path, definition.locate(c.path), c.before, c.after, c.reason)
            for c in serving.changes
            if c.reason
        ),
        contents={key: serving.contents[key] for key in sorted(serving.contents)},
        left_out=tuple(serving.left_out),
    )


class _ClosedFolder(Struct, frozen=True):
    """A folder that is mounted read-only: what is mounted below it needs a mount point in its volume."""

    target: str
    """Absolute, in the container."""
    volume: str
    place: str
    """The path in the volume."""
    path: str | None
    """In the tree; ``None`` for an empty volume."""


class _Serving:
    """Goes through the services, and keeps what has to change and what volumes have to hold."""

    def __init__(self, definition: Definition, frozen: Collection[str], tree: Callable[[], FileTree]) -> None:
        self.changes: list[Change] = []
        self.volumes: set[str] = set()
        self.contents: dict[str, VolumeContent] = {}
        self.left_out: list[str] = []
        self._definition = definition
        self._frozen = frozen
        self._tree = tree

    def serve(self, service: Service) -> None:
        """Turn bind mounts of the tree into mounts of volumes, and add what configs and secrets need."""
        targets = dict.fromkeys(_memory_targets(service), False)
        closed: list[_ClosedFolder] = []
        for index, mount in enumerate(service.volumes):
            is_file = False
            if mount.type == "bind" and is_in_tree(mount.source):
                is_file = mount.source in self._frozen and self._tree().is_file(mount.source)
                after, reason, folder = self._replacement(service, index, is_file=is_file)
                self.changes.append(change_service(service, "volumes", str(index), after=after, reason=reason))
                if folder is None:
                    continue
                self.volumes.add(folder.volume)
                closed += [folder] if mount.read_only else []
            targets[posixpath.normpath(mount.target)] = is_file
        targets |= dict.fromkeys(self._serve_given(service), True)
        for folder in closed:
            self._make_mount_points(folder, targets)

    def _replacement(
        self, service: Service, index: int, *, is_file: bool
    ) -> tuple[JsonObject | None, str, _ClosedFolder | None]:
        """What is mounted instead of a path of the tree, why, and the folder that this is."""
        mount = service.volumes[index]
        path = posixpath.normpath(mount.source)
        if mount.source in self._frozen:
            return self._committed(service, path, mount.target, is_file=is_file, is_read=mount.read_only)
        where = str(self._definition.locate(("services", service.name, "volumes", str(index))))
        if mount.bind is not None and not mount.bind.create_host_path:
            hint = "commit it, or leave `create_host_path: false` out to get an empty folder"
            raise DefinitionError(f"the commit has no {path}, and it is not to be made", where=where, hint=hint)
        if looks_like_file(mount.source):
            reason = f"{path} looks like a file and is not committed; a folder would be in its place"
            self.left_out.append(f"{where}: {path} looks like a file, is not committed, and is left out")
            return None, reason, None
        key = self._data_volume(path)
        if not mount.read_only and not _runs_as_root(service):
            self._fill(key, VolumeContent(f"service {service.name} writes there", service.name))
        after = empty_volume(service.entries("volumes")[index], key)
        reason = f"the commit has no {path}; each environment has an empty volume in its place"
        return after, reason, _ClosedFolder(posixpath.normpath(mount.target), key, "", None)

    def _committed(
        self, service: Service, path: str, target: str, *, is_file: bool, is_read: bool
    ) -> tuple[JsonObject, str, _ClosedFolder]:
        place = posixpath.normpath(f"{COMMIT_FOLDER}/{path}")
        if is_read:
            key, reason = (
                FILES_VOLUME,
                "services get the commit's own copy, read-only, on whatever engine they run",
            )
            content = VolumeContent("services read files of the commit", sources={place: path})
        else:
            reason = "the service may write to it, so it has a copy of the commit's files of its own"
            key = f"{FILE_COPIES}{service.name}"
            if not is_file:
                key, place = f"{FOLDER_COPY}{slug(f'{service.name}/{path}')}", ""
            cause = f"service {service.name} has a copy of the commit's files of its own"
            content = VolumeContent(cause, service.name, {place: path})
        self._fill(key, content)
        folder = _ClosedFolder(posixpath.normpath(target), key, place, path)
        return _mount(key, target, subpath=place, is_read=is_read), reason, folder

    def _serve_given(self, service: Service) -> Iterator[str]:
        """Mount configs and secrets where nothing can be copied in; the paths that they have in the container."""
        files = config_mounts(service)
        if not any(_takes_no_copy(service, file.path) for file in files):
            return
        places = {f"{GIVEN_FOLDER}/{service.name}/{number}": file for number, file in enumerate(files)}
        self.changes.extend(_mount_given(service, places))
        self.volumes.add(FILES_VOLUME)
        self._fill(FILES_VOLUME, VolumeContent("services read files of the commit", given=places))
        yield from (posixpath.normpath(file.path) for file in files)

    def _make_mount_points(self, folder: _ClosedFolder, targets: Mapping[str, bool]) -> None:
        """Have places made for what is mounted below a folder that the engine cannot make them in."""
        points: dict[str, bool] = {}
        for target, is_file in targets.items():
            if target == folder.target or not _is_below(target, folder.target):
                continue
            rest = posixpath.relpath(target, folder.target)
            if (place := self._followed(folder.path, rest) if folder.path is not None else rest) is not None:
                points[posixpath.join(folder.place, place)] = is_file
        if points:
            self._fill(folder.volume, VolumeContent("something is mounted below it", mount_points=points))

    def _followed(self, path: str, rest: str) -> str | None:
        """Where ``rest`` below ``path`` is, links followed, from ``path``; ``None`` where they lead out of it."""
        tree = self._tree()
        try:
            top, real = tree.resolve(path), tree.resolve(f"{path}/{rest}")
        except OutsideTreeError:
            return None
        return posixpath.relpath(f"/{real}", f"/{top}") if _is_below(f"/{real}", f"/{top}") else None

    def _fill(self, key: str, content: VolumeContent) -> None:
        """Have ``content`` in a volume beside what else it holds."""
        held = self.contents.get(key)
        self.contents[key] = (
            content
            if held is None
            else VolumeContent(
                held.cause,
                held.service or content.service,
                {**held.sources, **content.sources},
                {**held.given, **content.given},
                {**held.mount_points, **content.mount_points},
            )
        )

    def _data_volume(self, path: str) -> str:
        """The key of the volume in the place of ``path``: none that the definition has for something else."""
        key = f"data-{slug(path)}"
        return f"{RESERVED_NAMES}{key}" if key in self._definition.volumes else key


def _mount_given(service: Service, places: Mapping[str, ConfigMount]) -> Iterator[Change]:
    """Mounts instead of the configs and secrets of ``service``, which are at ``places`` in the volume."""
    mounts: list[JsonValue] = [
        _mount(FILES_VOLUME, file.path, subpath=place, is_read=True) for place, file in places.items()
    ]
    for kind in DEFAULT_FOLDERS:
        if service.spec.get(kind):
            reason = "nothing can be copied into this container; they are mounted, read-only"
            yield change_service(service, kind, after=None, reason=reason)
    count = len(service.volumes)
    if not count:
        yield change_service(service, "volumes", after=mounts)
        return
    for number, mount in enumerate(mounts, start=count):
        yield change_service(service, "volumes", str(number), after=mount)


def _mount(key: str, target: str, *, subpath: str, is_read: bool) -> JsonObject:
    return {
        "type": "volume",
        "source": key,
        "target": target,
        **({"read_only": True} if is_read else {}),
        "volume": {"nocopy": True, **({"subpath": subpath} if subpath else {})},
    }


def _takes_no_copy(service: Service, path: str) -> bool:
    """Whether the engine refuses to copy to ``path``, or something is mounted over it at the start."""
    closed = [mount.target for mount in service.volumes if mount.type == "tmpfs" or mount.read_only]
    return service.read_only or any(_is_below(path, folder) for folder in (*_memory_targets(service), *closed))


def _runs_as_root(service: Service) -> bool:
    """Whether the definition says so; what it leaves to the image, only the image knows."""
    return service.user.partition(":")[0] in ("0", "root")


def _is_below(path: str, folder: str) -> bool:
    return f"{posixpath.normpath(path)}/".startswith(f"{posixpath.normpath(folder).rstrip('/')}/")


def _memory_targets(service: Service) -> list[str]:
    return [posixpath.normpath(entry.split(":")[0]) for entry in service.tmpfs]
