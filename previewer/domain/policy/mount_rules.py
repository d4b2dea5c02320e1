"""Rules about files of the host: mounts, volume drivers, and files behind secrets and configs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.mounted_files import looks_like_file
from previewer.domain.compose.resources import Volume
from previewer.domain.compose.service import Service
from previewer.domain.policy.rule import Allowance, Request, Rule, in_services, service_path
from previewer.domain.policy.trust import Trust

_MOUNT_TYPES = ("bind", "volume", "tmpfs")
_PROPAGATIONS = ("", "private", "rprivate", "slave", "rslave")
_HARMLESS_VOLUME_OPTIONS = ("size",)


def _engine(definition: Definition, trust: Trust) -> Iterator[Request]:
    for mount in _wanted_mounts(definition, trust):
        if reaches_engine(mount.source):
            yield Request(mount.path, f"mounts {mount.source!r}, which leads to the engine", (mount.source,))


def _wanted_mounts(definition: Definition, trust: Trust) -> Iterator[HostMount]:
    """Without those in whose place there will be something else."""
    replaced = set(replaced_binds(definition, trust))
    return (mount for mount in host_mounts(definition) if mount not in replaced)


def _binds(definition: Definition, trust: Trust) -> Iterator[Request]:
    for mount in _wanted_mounts(definition, trust):
        if not mount.by_driver and not reaches_engine(mount.source):
            kind = "read-only" if mount.read_only else "read-write"
            yield Request(mount.path, f"mounts {mount.source!r} of the host, {kind}", _names(mount))


def _names(mount: HostMount) -> tuple[str, ...]:
    """The names of a bind mount in grants. The bare path allows both ways, unless it could be read as a mode."""
    mode = "ro" if mount.read_only else "rw"
    named = f"{mount.source}:{mode}"
    return (named,) if ":" in mount.source else (named, mount.source)


def _mount_types(service: Service) -> Iterator[Request]:
    for index, mount in enumerate(service.volumes):
        if mount.type not in _MOUNT_TYPES:
            yield Request(service_path(service, "volumes", str(index)), f"mounts a {mount.type!r}", (mount.type,))
        propagation = mount.bind.propagation if mount.bind is not None else ""
        if propagation not in _PROPAGATIONS:
            path = service_path(service, "volumes", str(index), "bind", "propagation")
            yield Request(path, f"passes mounts on to the host ({propagation})", (propagation,))


def _volume_drivers(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for key, volume in definition.volumes.items():
        driver = volume.driver
        if driver not in ("", "local"):
            yield Request(("volumes", key, "driver"), f"uses the volume driver {driver!r}", (driver,))


def _volume_options(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for key, volume in definition.volumes.items():
        options = volume.driver_opts
        if not set(options) - set(_HARMLESS_VOLUME_OPTIONS) or is_memory_volume(volume):
            continue
        device = options.get("device", "")
        subject = normal_path(device) if device else ",".join(sorted(options))
        message = f"mounts the device {device!r}" if device else f"sets the driver options {subject!r}"
        yield Request(("volumes", key, "driver_opts"), message, (subject,))


def _outside_files(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for section, resources in definition.served.items():
        for key, resource in resources.items():
            file = resource.file
            if file and leaves_tree(file):
                yield Request((section, key, "file"), f"reads {file!r}, outside of the commit", (file,))


def _secret_drivers(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for section, resources in definition.served.items():
        for key, resource in resources.items():
            for name, driver in (("driver", resource.driver), ("template_driver", resource.template_driver)):
                if driver:
                    yield Request((section, key, name), f"uses the {name} {driver!r}", (driver,))


MOUNT_RULES = (
    Rule(
        id="engine-socket",
        forbids="mounts of the engine's socket, state or credentials, and of folders that hold them",
        why="who holds the socket is root on the machine",
        instead="leave the mount out, or the whole service with x-previewer.omit",
        subject="the exact path",
        find=_engine,
        allowance=Allowance.EXACT,
    ),
    Rule(
        id="bind",
        forbids="bind mounts of what is outside the commit's tree",
        why="a preview would read, or change, files of the machine; and other machines have other files",
        instead="commit the file and mount it by a relative path, use a named volume, or leave the service out"
        " with x-previewer.omit",
        subject="the path, with `:ro` to allow reading only",
        find=_binds,
    ),
    Rule(
        id="mount-type",
        forbids="mounts other than `bind`, `volume` and `tmpfs`, and mount propagation to the host",
        why="an image that is mounted is not frozen, and propagated mounts leave the container",
        instead="use a named volume",
        subject="the type or propagation",
        find=in_services(_mount_types),
    ),
    Rule(
        id="volume-driver",
        forbids="volume drivers other than `local`",
        why="a plugin keeps data where previewer can neither separate nor remove it",
        instead="leave the driver out",
        subject="the driver",
        find=_volume_drivers,
    ),
    Rule(
        id="volume-option",
        forbids="`driver_opts` of volumes, other than a tmpfs and its size",
        why="`device` mounts any folder, disk or network share of the host under the name of a volume",
        instead="leave driver_opts out",
        subject="the device",
        find=_volume_options,
    ),
    Rule(
        id="outside-file",
        forbids="secrets and configs whose `file` is outside the commit's tree",
        why="they would send files of your machine into the environment",
        instead="commit the file, or take the secret from an allowed environment variable",
        subject="",
        find=_outside_files,
        allowance=Allowance.NEVER,
    ),
    Rule(
        id="secret-driver",
        forbids="`driver` and `template_driver` of secrets and configs",
        why="a plugin of the engine would choose what the environment gets",
        instead="leave the driver out",
        subject="the driver",
        find=_secret_drivers,
    ),
)


_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_ENGINE_FILE = re.compile(r"(docker|podman|containerd|crio|buildkitd?)[^/]*\.sock[^/]*")
_ENGINE_FOLDERS = frozenset({".docker", ".colima", ".orbstack", ".rd", ".lima"})
"""Folders of a home in which engines keep sockets and credentials."""
_ENGINE_TREES = (
    "/run/docker",
    "/run/containerd",
    "/run/podman",
    "/run/buildkit",
    "/run/crio",
    "/run/user",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
)
_HOST_FILES = frozenset(
    f"/etc/{name}" for name in ("group", "hostname", "hosts", "machine-id", "os-release", "passwd", "shadow")
)
_HOME = re.compile(r"~[^/]*|/root|/(home|users)(/[^/]+)?")


class HostMount(Struct, frozen=True):
    """A folder, file or socket of the engine's host that a definition wants to see."""

    path: ModelPath
    """The path of the value that names it."""
    source: str
    """As :func:`normal_path` spells it."""
    read_only: bool
    by_driver: bool = False
    """Whether a volume's driver options ask for it rather than a bind mount."""
    is_bind: bool = False
    """Whether a service has it as a mount of the type ``bind``."""


def leaves_tree(path: str) -> bool:
    """Whether ``path``, relative to the tree's root, names something outside the tree."""
    if path.startswith(("/", "~", "\\")) or _DRIVE.match(path):
        return True
    return posixpath.normpath(path.replace("\\", "/")).split("/", 1)[0] == ".."


def normal_path(path: str) -> str:
    """``path`` without ``.``, doubled ``/`` and those ``..`` that can be taken back."""
    plain = path.replace("\\", "/")
    if plain.startswith("~"):
        home, _, rest = plain.partition("/")
        return f"{home}/{posixpath.normpath(rest)}" if rest else home
    if plain.startswith("/"):
        return "/" + posixpath.normpath(plain).lstrip("/")
    return posixpath.normpath(plain)


def reaches_engine(path: str) -> bool:
    """Whether who holds ``path`` (normal) can come to the engine's socket, its state or its credentials."""
    plain = path.casefold()
    if plain == "/var/run" or plain.startswith("/var/run/"):
        plain = plain.removeprefix("/var")
    parts = plain.split("/")
    if _ENGINE_FOLDERS & set(parts) or any(_ENGINE_FILE.fullmatch(part) for part in parts):
        return True
    if plain.startswith(("/pipe/", "/proc/")) or _HOME.fullmatch(plain):
        return True
    return any(_is_at_or_below(plain, tree) or _is_at_or_below(tree, plain) for tree in _ENGINE_TREES)


def host_mounts(definition: Definition) -> Iterator[HostMount]:
    """Everything outside the tree that services mount, however they spell it."""
    for service in definition.services.values():
        for index, mount in enumerate(service.volumes):
            if mount.source and leaves_tree(mount.source):
                path = service_path(service, "volumes", str(index))
                source, is_bind = normal_path(mount.source), mount.type == "bind"
                yield HostMount(path, source, mount.read_only, is_bind=is_bind)
    for key, volume in definition.volumes.items():
        yield from _mounts_of_volume(key, volume)


def replaced_binds(definition: Definition, trust: Trust) -> tuple[HostMount, ...]:
    """The bind mounts that the settings replace: no rule is about them, and isolation takes them out."""
    return tuple(mount for mount in host_mounts(definition) if mount.is_bind and trust.replaces(mount.source))


def names_file(path: str) -> bool:
    """Whether a path of the host is, by its name, a file's or a socket's."""
    return path in _HOST_FILES or looks_like_file(path)


def _mounts_of_volume(key: str, volume: Volume) -> Iterator[HostMount]:
    name = volume.engine_name
    if volume.external and leaves_tree(name):
        yield HostMount(("volumes", key, "name"), normal_path(name), read_only=False)
    device = volume.driver_opts.get("device", "")
    if device and not is_memory_volume(volume):
        path = ("volumes", key, "driver_opts", "device")
        yield HostMount(path, normal_path(device), read_only=False, by_driver=True)


_MEMORY_OPTIONS = re.compile(
    r"(size|mode|uid|gid|nr_inodes|nr_blocks)=[\w%.]+|noexec|exec|nosuid|suid|nodev|ro|rw|noatime|relatime"
)


def is_memory_volume(volume: Volume) -> bool:
    """Whether the options of a ``local`` volume ask for a tmpfs and for nothing else."""
    options = volume.driver_opts
    if not {"type", "device", "o"}.issuperset(options):
        return False
    if options.get("type") != "tmpfs" or options.get("device") not in ("tmpfs", "none"):
        return False
    return all(_MEMORY_OPTIONS.fullmatch(word) for word in options.get("o", "").split(",") if word)


def _is_at_or_below(path: str, tree: str) -> bool:
    return path == tree or path.startswith(tree.rstrip("/") + "/")
