"""Volumes, bind mounts and mounts of memory."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable

from msgspec import Struct

from previewer.domain.compose.mounted_files import ConfigMount, config_mounts
from previewer.domain.compose.served_files import FILES_VOLUME, may_mount_by_path
from previewer.domain.compose.service import Bind, Mount
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonValue
from previewer.engine.mapping.host_access import OF_CONTAINER, container_of
from previewer.engine.mapping.part import Part, Raw, filled, malformed, merge_labels, too_old, unsupported

SUBPATH_SINCE = (1, 45)
READ_ONLY_RECURSIVE_SINCE = (1, 44)

Mapped = str | Raw
"""A ``source:target:mode`` of ``Binds``, or an entry of ``Mounts``."""


def map_mounts(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``volumes`` and ``volumes_from``."""
    mapped = [_map_entry(spec, mount, api_version) for mount in spec.declared.volumes]
    return Part(
        host=filled(
            Binds=[entry for entry in mapped if isinstance(entry, str)],
            Mounts=[entry for entry in mapped if not isinstance(entry, str)],
            VolumesFrom=[_borrowed(spec, entry) for entry in spec.declared.volumes_from],
        )
    )


def _map_entry(spec: ContainerSpec, mount: Mount, api_version: tuple[int, int]) -> Mapped:
    if mount.type not in _KINDS:
        raise unsupported(spec, "volumes", f"mounts of type {mount.type!r} are not supported")
    return _KINDS[mount.type](spec, mount, api_version)


def _bind(spec: ContainerSpec, mount: Mount, api_version: tuple[int, int]) -> Mapped:
    source, target = mount.source, mount.target
    # A path of the commit's tree does not exist on the engine's host: it must have been put there.
    if not source.startswith("/"):
        raise malformed(
            spec,
            "volumes",
            f"the bind mount {source!r} -> {target!r} is not an absolute path of the engine's host",
        )
    options = mount.bind or Bind()
    creates_path = mount.bind is not None and options.create_host_path
    is_plain = not options.propagation and not options.recursive
    if creates_path and is_plain and ":" not in source + target:
        return f"{source}:{target}:{_mode(mount)}{',' + options.selinux if options.selinux else ''}"
    recursive = options.recursive
    if recursive and api_version < READ_ONLY_RECURSIVE_SINCE:
        raise too_old(spec, "volumes.bind.recursive", since="Docker 25")
    bind_options = filled(
        Propagation=options.propagation,
        NonRecursive=recursive == "disabled" or None,
        ReadOnlyNonRecursive=recursive == "writable" or None,
        ReadOnlyForceRecursive=recursive == "readonly" or None,
    )
    return filled(Type="bind", Source=source, Target=target, ReadOnly=mount.read_only, BindOptions=bind_options)


def _volume(spec: ContainerSpec, mount: Mount, api_version: tuple[int, int]) -> Mapped:
    key, settings = mount.source, mount.volume
    if key and key not in spec.volumes:
        raise malformed(spec, "volumes", f"there is no volume {key!r} in this environment")
    if settings.subpath and api_version < SUBPATH_SINCE:
        return _served_path(spec, mount)
    options = filled(
        NoCopy=settings.nocopy or None,
        Labels=merge_labels(settings.labels, {}, where=f"service {spec.service}"),
        Subpath=settings.subpath,
    )
    if key and not options:
        return f"{spec.volumes[key]}:{mount.target}:{_mode(mount)}"
    return filled(
        Type="volume",
        Source=spec.volumes.get(key),
        Target=mount.target,
        ReadOnly=mount.read_only,
        VolumeOptions=options,
    )


def _served_path(spec: ContainerSpec, mount: Mount) -> Mapped:
    """A path of the commit's files on an engine that mounts only whole volumes: by where it is on its host.

    No other volume may be bound like that, and none into which a container can put a link: the engine follows
    symbolic links on its host, so such a one would mount any folder of the machine. Previewer alone fills these
    volumes, and puts no link where a path that is mounted leads through. Where a service may write, the path is a
    single file: a container can neither remove nor replace what is mounted in it, and sees nothing beside it.
    """
    key, subpath = mount.source, mount.volume.subpath
    if not may_mount_by_path(key) or not spec.mountpoints.get(key):
        raise too_old(spec, "volumes.volume.subpath", since="Docker 26")
    if ".." in subpath.split("/"):
        raise malformed(spec, "volumes", f"the part {subpath!r} is not inside the volume {key!r}")
    return filled(
        Type="bind",
        Source=f"{spec.mountpoints[key].rstrip('/')}/{subpath.lstrip('/')}",
        Target=mount.target,
        ReadOnly=key == FILES_VOLUME or mount.read_only,
    )


def volumes_mounted_by_path(spec: ContainerSpec) -> tuple[str, ...]:
    """The keys of the volumes of the commit's files of which the service mounts parts."""
    keys = {mount.source for mount in spec.declared.volumes if mount.type == "volume"}
    return tuple(sorted(filter(may_mount_by_path, keys)))


def _tmpfs(spec: ContainerSpec, mount: Mount, api_version: tuple[int, int]) -> Mapped:
    del spec, api_version
    options = filled(SizeBytes=mount.tmpfs.size or None, Mode=_file_mode(mount.tmpfs.mode))
    return filled(Type="tmpfs", Target=mount.target, ReadOnly=mount.read_only, TmpfsOptions=options)


def _image(spec: ContainerSpec, mount: Mount, api_version: tuple[int, int]) -> Mapped:
    del api_version
    # A tag may mean another image tomorrow, so an environment would not be what was frozen.
    raise unsupported(spec, "volumes", f"the mounted image {mount.source!r} is not part of the release")


def _borrowed(spec: ContainerSpec, text: str) -> JsonValue:
    if text.startswith(OF_CONTAINER):
        return text.removeprefix(OF_CONTAINER)
    service, _, mode = text.partition(":")
    container = container_of(spec, "volumes_from", service)
    return f"{container}:{mode}" if mode else container


def _mode(mount: Mount) -> str:
    return "ro" if mount.read_only else "rw"


def _file_mode(value: int | str) -> int | None:
    """A file mode: a number, or its octal digits in a string."""
    if value == "":
        return None
    return int(value, 8) if isinstance(value, str) else value


_KINDS: dict[str, Callable[[ContainerSpec, Mount, tuple[int, int]], Mapped]] = {
    "bind": _bind,
    "volume": _volume,
    "tmpfs": _tmpfs,
    "image": _image,
}


# Configs and secrets: files that are copied into a container before it starts.
#
# Compose mounts those that are files from the host. The host of an engine has no checkout of the
# commit, so they are copied in, which works with any engine. Where nothing can be copied in they
# are mounts by now, see ``previewer.domain.compose.served_files``.


class CopiedFile(Struct, frozen=True):
    """One file that a container is given."""

    path: str
    """Absolute, in the container."""
    content: bytes
    """It may be a secret."""
    mode: int
    uid: int = 0
    gid: int = 0

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "content")
        return f"CopiedFile({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def copied_files(spec: ContainerSpec) -> tuple[CopiedFile, ...]:
    """The files of the service's ``secrets`` and ``configs``, their content from ``spec.contents``."""
    return tuple(_copied(spec, file) for file in config_mounts(spec.declared))


def archive_of(files: tuple[CopiedFile, ...]) -> bytes:
    """The files as a tar archive to be unpacked at ``/``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid = len(file.content), file.mode, file.uid, file.gid
            archive.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()


def _copied(spec: ContainerSpec, file: ConfigMount) -> CopiedFile:
    kind, source = file.reference.split("/", 1)
    if file.reference not in spec.contents:
        raise malformed(spec, kind, f"nothing says what {source!r} contains")
    return CopiedFile(file.path, spec.contents[file.reference], file.mode, file.uid, file.gid)
