"""Files of containers: what is at a path, and what is not as in the image.

Engines leave out of their list of changes what has the size and the time that the image has. But whatever was
written lies in the container's own layer, whose size they tell: where the listed paths do not account for it, the
contents of the container are compared with those of its image.
"""

from __future__ import annotations

import base64
import hashlib
import io
import posixpath
import tarfile
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress

from msgspec import Struct, field, json

from previewer.docker_api.answers import Answer, Container
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.image_files import open_image_files
from previewer.docker_api.request import container_path, get, get_headers, open_answer, open_stream
from previewer.domain.engine.examination import ChangeKind, FileChange
from previewer.domain.naming import named_digest
from previewer.domain.tar_pieces import open_tar
from previewer.errors import ConflictError, EngineError, ObjectNotFoundError

FOLDER, LINK = 1 << 31, 1 << 27
"""Bits of Go's ``fs.FileMode``."""
_HEADER = "x-docker-container-path-stat"


class PathStatus(Struct, frozen=True):
    """What is at a path."""

    mode: int = 0
    """With Go's bits."""
    size: int = 0
    """Bytes; of a link, those of the path that it leads to."""
    modified: str = field(default="", name="mtime")
    """When it was changed last, as RFC 3339."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a directory."""
        return bool(self.mode & FOLDER)


def folder_owner(connection: DockerConnection, container: str, path: str) -> tuple[int, int, int] | None:
    """Mode (without the bits of the type), user and group of the folder at an absolute path; ``None`` if none is.

    The engine has no question for the owner: its archive of the folder begins with it, and is read no further.
    """
    mode = path_mode(connection, container, path)
    if mode is None or not mode & FOLDER:
        return None
    with translate_errors("look into it", subject=f"container {container}"):
        answer = open_answer(connection, container_path(container, "/archive"), {"path": path})
    answer.raw.decode_content = True  # engines compress it where the HTTP library lets them
    with closing(answer), translate_errors("look into it", subject=f"container {container}"):
        try:
            with tarfile.open(fileobj=answer.raw, mode="r|", bufsize=tarfile.BLOCKSIZE) as archive:
                first = archive.next()
        except tarfile.TarError as error:
            raise EngineError(f"the engine's archive cannot be read: {error}", where=path) from error
    return None if first is None else (first.mode & 0o7777, first.uid, first.gid)


def path_mode(connection: DockerConnection, container: str, path: str) -> int | None:
    """The mode of what is at an absolute path, with Go's bits; ``None`` where nothing is."""
    status = path_status(connection, container, path)
    return status.mode if status is not None else None


def path_status(connection: DockerConnection, container: str, path: str) -> PathStatus | None:
    """What is at an absolute path; ``None`` where nothing is.

    Links in its folders are followed, one at its end is not. Raises :class:`EngineError`.
    """
    try:
        with translate_errors("look into it", subject=f"container {container}"):
            headers = get_headers(connection, container_path(container, "/archive"), {"path": path})
    except ObjectNotFoundError:
        return None
    return json.decode(base64.b64decode(headers.get(_HEADER, "e30=")), type=PathStatus)


_KINDS = {0: ChangeKind.MODIFIED, 1: ChangeKind.ADDED, 2: ChangeKind.DELETED}
"""Of ``GET /containers/ID/changes``."""
LOOKS = 3
"""How often a container that goes on writing is measured before its contents are compared."""
EXPORTS = 2
"""Containers whose contents are read at the same time: each passes whole through the engine."""
MOST_MEASURED = 1000
"""Paths whose sizes are asked for one by one, at 1 to 4 ms each; for more, contents are compared as fast."""
PIECE_BYTES = 1 << 20


class LayerUnit(Struct, frozen=True):
    """How a storage driver counts what lies in a layer, in bytes."""

    block: int
    """What the size of a file is rounded up to."""
    folder: int
    """Of every folder, the layer's own included."""

    def of_file(self, size: int) -> int:
        """What a file of ``size`` bytes counts."""
        return -(-size // self.block) * self.block


OVERLAY = LayerUnit(block=1, folder=0)
CONTAINERD = LayerUnit(block=4096, folder=4096)


class _Change(Answer, frozen=True):
    path: str = ""
    kind: int = 0


def list_changes(connection: DockerConnection, container: str) -> tuple[FileChange, ...]:
    """The changed paths that the engine lists, sorted; directories that only hold changes are among them.

    Raises :class:`ObjectNotFoundError` for a container that is gone.
    """
    with translate_errors("compare it with its image", subject=f"container {container}"):
        entries = get(connection, container_path(container, "/changes")).read_list(_Change)
    found = [FileChange(entry.path, _KINDS.get(entry.kind, ChangeKind.MODIFIED)) for entry in entries]
    return tuple(sorted(found, key=lambda change: change.path))


class ContentComparison:
    """Finds files whose content is not their image's though size and time are. Images are read once each."""

    def __init__(self, connection: DockerConnection) -> None:
        self._docker = connection
        self._images: dict[str, Mapping[str, bytes]] = {}
        self._lock = threading.Lock()
        self._exports = threading.Semaphore(EXPORTS)

    def rewritten(self, container: str, listed: Sequence[FileChange]) -> tuple[FileChange, ...]:
        """Those of a container that are not among the ``listed`` changes, sorted.

        None where it writes so busily that its archive breaks off, and where it or its image is gone.
        """
        try:
            hidden = _hidden_bytes(self._docker, container, listed)
            if not hidden:
                return ()
            made = _inspect_size(self._docker, container)
            frozen = self._image_contents(named_digest(made.config.image) or made.image)
            with (
                self._exports,
                translate_errors("read its files", subject=f"container {container}"),
                closing(open_stream(self._docker, container_path(container, "/export"), {})) as pieces,
            ):
                live = _contents(pieces, most_bytes=hidden)
            # What a program wrote while its files were read is listed by now.
            known = {change.path for change in (*listed, *list_changes(self._docker, container))}
        except (tarfile.TarError, ConflictError, ObjectNotFoundError):
            return ()
        found = {path for path, content in frozen.items() if live.get(path, content) != content}
        return tuple(FileChange(path, ChangeKind.REWRITTEN) for path in sorted(found - known))

    def _image_contents(self, image: str) -> Mapping[str, bytes]:
        with self._lock:
            if image not in self._images:
                with open_image_files(self._docker, image=image) as chunks:
                    self._images[image] = _contents(chunks)
            return self._images[image]


def _inspect_size(connection: DockerConnection, container: str) -> Container:
    with translate_errors("ask for its size", subject=f"container {container}"):
        return get(connection, container_path(container, "/json"), {"size": "1"}).read(Container)


def _hidden_bytes(connection: DockerConnection, container: str, listed: Sequence[FileChange]) -> int:
    """The most that files outside the ``listed`` paths can have in the container's own layer.

    The layer is measured after the paths: what a program adds meanwhile makes it more, never less. The least of
    several looks counts, the last with the paths of its own time, since what is hidden stays.
    """
    unit, inspected = _layer_unit(connection), _inspect_size(connection, container)
    if unit is None or inspected.size_rw <= unit.folder:
        return 0
    mounted = {mount.destination for mount in inspected.mounts or ()}
    least = inspected.size_rw
    for look in range(LOOKS):
        if look == LOOKS - 1:  # a list costs the engine a walk through the whole image
            listed = list_changes(connection, container)
        if len(listed) > MOST_MEASURED:
            break
        counted = _counted_bytes(connection, container, listed, unit=unit, mounted=mounted)
        gap = _inspect_size(connection, container).size_rw - counted
        if gap == 0:
            return 0
        least = min(least, gap) if gap > 0 else least  # less than nothing: a file was cut meanwhile
    return least


def _counted_bytes(
    connection: DockerConnection,
    container: str,
    listed: Sequence[FileChange],
    *,
    unit: LayerUnit,
    mounted: Collection[str],
) -> int:
    """What the ``listed`` paths count at least.

    Files of one size and time may be one file with several names, which counts once, unless their contents differ.
    """
    names: dict[PathStatus, list[str]] = {}
    folders = 1
    for path in (change.path for change in listed if change.kind is not ChangeKind.DELETED):
        status = path_status(connection, container, path)
        if status is not None and status.is_folder:
            folders += 1
        elif status is not None and status.size and path not in mounted:  # else an empty file lies there
            names.setdefault(status, []).append(path)
    files = (unit.of_file(status.size) * _count_files(connection, container, names[status]) for status in names)
    return folders * unit.folder + sum(files)


def _count_files(connection: DockerConnection, container: str, names: Sequence[str]) -> int:
    """How many files those of one size and time are at least, by their contents."""
    if len(names) == 1:
        return 1
    found: set[bytes] = set()
    for path in names:
        with (
            suppress(ObjectNotFoundError),  # removed meanwhile: the next look lists it no more
            translate_errors("read a file", subject=f"container {container}"),
            closing(open_stream(connection, container_path(container, "/archive"), {"path": path})) as pieces,
        ):
            found.update(_contents(pieces).values())
    return len(found)


def _layer_unit(connection: DockerConnection) -> LayerUnit | None:
    """``None`` for engines that do not tell the size of a layer apart from what they list."""
    if connection.is_podman:
        return None
    if connection.has_containerd_store:
        return CONTAINERD
    info = connection.info
    is_overlay = info.driver == "overlay2" and ["Native Overlay Diff", "true"] in (info.driver_status or ())
    return OVERLAY if is_overlay else None


def _contents(pieces: Iterable[bytes], *, most_bytes: int | None = None) -> dict[str, bytes]:
    """What is in each file of an archive, as a digest, and where each link leads, by path.

    Files of more than ``most_bytes`` are left out, with all their names.
    """
    found: dict[str, bytes] = {}
    with open_tar(iter(pieces)) as archive:
        for member in archive:
            path = posixpath.normpath(f"/{member.name}")
            if member.issym():
                found[path] = b"-> " + member.linkname.encode("utf-8", "surrogateescape")
            elif member.islnk():
                if (content := found.get(posixpath.normpath(f"/{member.linkname}"))) is not None:
                    found[path] = content
            elif most_bytes is not None and member.size > most_bytes:
                continue
            elif (held := archive.extractfile(member)) is not None:
                digest = hashlib.blake2b(digest_size=16)
                while piece := held.read(PIECE_BYTES):
                    digest.update(piece)
                found[path] = digest.digest()
    return found


MOST_BYTES = 16 << 20
"""Of an archive: what is larger is no configuration."""


def file_digest(connection: DockerConnection, container: str, path: str) -> str | None:
    """A digest of a file, or of all that is in a folder, without times; ``None`` for what is too large or broken.

    Raises :class:`ObjectNotFoundError` where nothing is there.
    """
    whole = bytearray()
    where, what = container_path(container, "/archive"), f"container {container}"
    with (
        translate_errors("read a file", subject=what),
        closing(open_stream(connection, where, {"path": path})) as pieces,
    ):
        for piece in pieces:
            whole += piece
            if len(whole) > MOST_BYTES:
                return None
    try:
        with tarfile.open(fileobj=io.BytesIO(bytes(whole))) as archive:
            entries = sorted(repr(_described(archive, member)) for member in archive)
    except tarfile.TarError:
        return None
    return f"sha256:{hashlib.sha256(chr(10).join(entries).encode('utf-8', 'surrogateescape')).hexdigest()}"


def _described(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[object, ...]:
    held = archive.extractfile(member) if member.isreg() else None
    content = hashlib.sha256(held.read()).hexdigest() if held is not None else ""
    return (member.name, member.type, member.mode, member.uid, member.gid, member.linkname, content)
