"""Snapshots as files: an archive with what the snapshot is, then what each of its volumes holds."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.data import complete, see_data, sweep
from previewer.domain import naming
from previewer.domain.commit.revision import short_id
from previewer.domain.data.snapshots import Snapshot, SnapshotKind, data_labels, snapshot_id
from previewer.domain.engine.specs import FILL_FOLDER, CloneSpec, FillSpec, VolumeSpec
from previewer.domain.labels import INSTALLATION, MANAGED_BY, MANAGED_BY_VALUE, OPERATION
from previewer.domain.stored import from_bytes, to_bytes
from previewer.domain.tar_pieces import open_tar
from previewer.errors import NotFoundError, UsageError
from previewer.operations.data import find_snapshot
from previewer.session.run import Run
from previewer.session.session import Session

HEAD = "snapshot.json"
VOLUMES = "volumes"
PIECE = 1 << 20
_KINDS = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE})
"""Kinds of entries that are taken out of a file: no devices."""


class MovedSnapshot(Struct, frozen=True):
    """A snapshot that went into a file or came out of one."""

    snapshot: Snapshot
    bytes: int
    """The size of the file."""


def export_snapshot(run: Run, text: str, file: Path) -> MovedSnapshot:
    """Write a snapshot into a file, with gzip where its name ends in ``.gz``. Nothing is left where it fails."""
    snapshot = find_snapshot(run.session, text)
    part = file.with_name(f"{file.name}.part")
    try:
        with tarfile.open(part, "w:gz" if file.suffix == ".gz" else "w") as archive:
            head = tarfile.TarInfo(HEAD)
            content = to_bytes(snapshot)
            head.size = len(content)
            archive.addfile(head, io.BytesIO(content))
            for key, layers in sorted(snapshot.volumes.items()):
                with _shown(run, snapshot, layers) as pieces:
                    _rename_into(run, open_tar(pieces), archive, f"{VOLUMES}/{key}")
        part.replace(file)
    except OSError as error:
        raise UsageError(f"it cannot be written: {error.strerror or error}", where=str(file)) from error
    finally:
        part.unlink(missing_ok=True)
    return MovedSnapshot(snapshot, file.stat().st_size)


def import_snapshot(run: Run, file: Path, *, name: str = "") -> MovedSnapshot:
    """Make a snapshot of a file that :func:`export_snapshot` wrote. It counts as raw data, whatever the file says.

    Raises :class:`UsageError` for a file that is none. Nothing is left of one that fails.
    """
    session = run.session
    try:
        with tarfile.open(file) as archive:
            snapshot = _imported(session, _head(archive, file), name)
            owner = naming.snapshot_name(session.project, snapshot.id)
            with session.ledger.lock(owner, purpose="data import"):
                if (there := see_data(session).find(snapshot.id)) is not None:
                    return MovedSnapshot(there, file.stat().st_size)
                sweep(session, owner)
                try:
                    volumes = {key: (_take_in(run, archive, owner, key),) for key in sorted(snapshot.volumes)}
                    snapshot = replace(snapshot, volumes=volumes)
                    complete(session, snapshot)
                finally:
                    sweep(session, owner)
    except (OSError, tarfile.TarError) as error:
        raise UsageError(f"it cannot be read as a snapshot: {error}", where=str(file)) from error
    return MovedSnapshot(snapshot, file.stat().st_size)


def plan_import(session: Session, file: Path, *, name: str = "") -> Snapshot:
    """The snapshot that :func:`import_snapshot` would make. Only the beginning of the file is read."""
    try:
        with tarfile.open(file) as archive:
            return _imported(session, _head(archive, file), name)
    except (OSError, tarfile.TarError) as error:
        raise UsageError(f"it cannot be read as a snapshot: {error}", where=str(file)) from error


def _imported(session: Session, said: Snapshot, name: str) -> Snapshot:
    """What a file that says ``said`` becomes; its layers are still those of the engine that it comes from."""
    return replace(
        said,
        id=snapshot_id("imported", said.id),
        kind=SnapshotKind.IMPORTED,
        origin=f"a file: {said.origin}",
        created_at=session.clock().replace(microsecond=0),
        name=name,
        environment="",
        parent=said.id,
    )


def _head(archive: tarfile.TarFile, file: Path) -> Snapshot:
    first = archive.next()
    content = archive.extractfile(first) if first is not None and first.name == HEAD else None
    try:
        if content is not None:
            return from_bytes(content.read(PIECE), Snapshot)
    except ValueError as error:
        raise UsageError(f"it does not say what it is: {error}", where=str(file)) from error
    raise UsageError("this is no exported snapshot", where=str(file), hint="`previewer data export` writes them")


def _take_in(run: Run, archive: tarfile.TarFile, owner: str, key: str) -> str:
    session = run.session
    volume = f"{owner}_{naming.slug(key)}"
    labels = data_labels(owner, key, installation=session.source.installation, project=session.project)
    session.engine.create_volume(VolumeSpec(volume, labels, {}))

    def pieces() -> Iterator[bytes]:
        below = f"{VOLUMES}/{key}"
        for member in archive:
            is_inside = member.name == below or member.name.startswith(f"{below}/")
            if is_inside and member.type in _KINDS and ".." not in member.name.split("/"):
                run.cancellation.check()
                yield from _renamed(archive, member, below)
        yield b"\0" * tarfile.RECORDSIZE

    session.engine.fill_volume(FillSpec(volume, _image(run), _labels(run), archive=lambda _owner: pieces()))
    return volume


def _renamed(source: tarfile.TarFile, member: tarfile.TarInfo, old: str) -> Iterator[bytes]:
    """One entry of an archive as it is in one that fills a volume."""
    moved = member.replace(name=_moved(member.name, old, FILL_FOLDER), deep=False)
    if member.islnk():
        moved.linkname = _moved(member.linkname, old, FILL_FOLDER)
    yield moved.tobuf(tarfile.PAX_FORMAT)
    if (content := source.extractfile(member) if member.isreg() else None) is not None:
        while piece := content.read(PIECE):
            yield piece
        yield b"\0" * (-member.size % tarfile.BLOCKSIZE)


def _rename_into(run: Run, source: tarfile.TarFile, target: tarfile.TarFile, folder: str) -> None:
    for member in source:
        run.cancellation.check()
        moved = member.replace(name=_moved(member.name, FILL_FOLDER, folder), deep=False)
        if member.islnk():
            moved.linkname = _moved(member.linkname, FILL_FOLDER, folder)
        target.addfile(moved, source.extractfile(member) if member.isreg() else None)


def _moved(name: str, old: str, new: str) -> str:
    return new + name.rstrip("/").removeprefix(old)


@contextmanager
def _shown(run: Run, snapshot: Snapshot, layers: tuple[str, ...]) -> Iterator[Iterator[bytes]]:
    """What a snapshot's volume holds; one of several layers is laid over each other for as long as it is read."""
    session, image, said = run.session, _image(run), _labels(run)
    if len(layers) == 1:
        yield session.debugger.read_volume(layers[0], image=image, labels=said)
        return
    volume = f"{naming.snapshot_name(session.project, snapshot.id)}-{session.new_operation()[-8:]}"
    own = f"{volume}.data"
    session.engine.create_volume(VolumeSpec(volume, said, {}, CloneSpec(own, said, layers, image, said)))
    try:
        yield session.debugger.read_volume(volume, image=image, labels=said)
    finally:
        session.engine.remove_volume(volume)
        session.engine.remove_volume(own)


def _labels(run: Run) -> dict[str, str]:
    return {
        MANAGED_BY: MANAGED_BY_VALUE,
        INSTALLATION: run.session.source.installation,
        OPERATION: run.session.new_operation(),
    }


def _image(run: Run) -> str:
    """Any image that the engine has: a container of it, which is never started, is the way into a volume."""
    built = run.session.images.list_built(run.session.project)
    named = (artifact.image for release in run.session.ledger.releases() for artifact in release.artifacts)
    image = next(iter(built), None) or next(
        (image for image in named if not run.session.images.missing([image])), None
    )
    if image is None:
        raise NotFoundError(
            "the engine has no image of this project",
            where=short_id(run.session.project),
            hint="freeze a commit first: `previewer freeze`",
        )
    return image
