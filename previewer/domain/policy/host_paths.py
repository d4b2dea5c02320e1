"""Paths that lead out of the commit's tree, and those among them that hand out the engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.mounted_files import looks_like_file
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text
from previewer.domain.policy.rule import is_on, service_path
from previewer.domain.policy.trust import Trust

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
        for index, entry in enumerate(map(as_object, as_list(service.spec.get("volumes")))):
            source = as_text(entry.get("source"))
            if source and leaves_tree(source):
                path = service_path(service, "volumes", str(index))
                is_bind = entry.get("type") == "bind"
                yield HostMount(path, normal_path(source), is_on(entry.get("read_only")), is_bind=is_bind)
    for key, volume in definition.volumes.items():
        yield from _mounts_of_volume(key, volume)


def replaced_binds(definition: Definition, trust: Trust) -> tuple[HostMount, ...]:
    """The bind mounts that the settings replace: no rule is about them, and isolation takes them out."""
    return tuple(mount for mount in host_mounts(definition) if mount.is_bind and trust.replaces(mount.source))


def names_file(path: str) -> bool:
    """Whether a path of the host is, by its name, a file's or a socket's."""
    return path in _HOST_FILES or looks_like_file(path)


def _mounts_of_volume(key: str, volume: JsonObject) -> Iterator[HostMount]:
    name = as_text(volume.get("name"), key)
    if is_on(volume.get("external")) and leaves_tree(name):
        yield HostMount(("volumes", key, "name"), normal_path(name), read_only=False)
    device = as_text(as_object(volume.get("driver_opts")).get("device"))
    if device and not is_memory_volume(volume):
        path = ("volumes", key, "driver_opts", "device")
        yield HostMount(path, normal_path(device), read_only=False, by_driver=True)


_MEMORY_OPTIONS = re.compile(
    r"(size|mode|uid|gid|nr_inodes|nr_blocks)=[\w%.]+|noexec|exec|nosuid|suid|nodev|ro|rw|noatime|relatime"
)


def is_memory_volume(volume: JsonObject) -> bool:
    """Whether the options of a ``local`` volume ask for a tmpfs and for nothing else."""
    options = as_object(volume.get("driver_opts"))
    if not {"type", "device", "o"}.issuperset(options):
        return False
    if options.get("type") != "tmpfs" or options.get("device") not in ("tmpfs", "none"):
        return False
    return all(_MEMORY_OPTIONS.fullmatch(word) for word in as_text(options.get("o")).split(",") if word)


def _is_at_or_below(path: str, tree: str) -> bool:
    return path == tree or path.startswith(tree.rstrip("/") + "/")
