"""Make the layers of an image that needs no builder, out of the build context's own archive."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, Protocol, TypeAlias

from msgspec.structs import replace

from previewer.domain.cancellation import Cancellation
from previewer.freeze.canonical.image_archive import Layer, new_file
from previewer.freeze.canonical.layer import CANONICAL_TIME, rewrite_layer
from previewer.freeze.canonical.layer_header import (
    DIRECTORY,
    END,
    REGULAR,
    SYMBOLIC_LINK,
    LayerEntry,
    padding,
    write_header,
)
from previewer.freeze.canonical.lower_layers import Folder, LowerLayers
from previewer.freeze.direct.instructions import CopyFiles, MakeFolder
from previewer.freeze.direct.values import NotDirectError
from previewer.freeze.docker.image_files import Found

MAX_QUESTIONS = 300
"""About what is at a path of the base; with more, building is quicker."""
PIECE_BYTES = 1 << 20
FILLED_BY_ENGINES = ("/dev", "/proc", "/sys")
"""What containers see there is not the image's."""
USUAL_FOLDER = Folder(0o755, 0, 0)
"""As a context's folders are."""
ENSURED_BY_ENGINES = "/etc"
"""It is in every container, whether the image has it or not: a layer that puts something there brings it along."""

Entries: TypeAlias = dict[str, tuple[LayerEntry, tarfile.TarInfo | None]]
"""A layer's entries, and the members that hold their content, by absolute path."""


class Base(Protocol):
    """What is below the layers."""

    def found(self, path: str) -> Found:
        """What is at an absolute path."""
        ...

    def folder(self, path: str) -> Folder | None:
        """The folder at a path from the root, if one is there."""
        ...


class DirectLayers:
    """Writes one layer a step; knows what the steps before have made."""

    def __init__(self, context: tarfile.TarFile, base: Base, files: ExitStack, cancellation: Cancellation) -> None:
        """``files`` closes what is made."""
        self._context = context
        self._members = {posixpath.normpath(member.name): member for member in context}
        self._base = base
        self._questions = 0
        self._found: dict[str, Found] = {"/": Found.FOLDER}
        self._own: set[str] = set()
        """Folders that the base does not have: nothing of it is below them."""
        self._files = files
        self._cancellation = cancellation

    def write(self, step: CopyFiles | MakeFolder) -> Layer | None:
        """The step's layer; ``None`` if it changes nothing. Raises :class:`NotDirectError`."""
        entries: Entries = {}
        if isinstance(step, MakeFolder):
            self._add_folders(step.path, entries)
        else:
            for source in step.sources:
                self._copy(source, step, entries)
        if not entries:
            return None
        rough = self._files.enter_context(new_file())
        for entry, member in entries.values():
            self._cancellation.check()
            rough.write(write_header(entry))
            if member is not None:
                _write_content(self._context, member, rough)
        rough.write(END)
        rough.seek(0)
        target = self._files.enter_context(new_file())
        diff_id = rewrite_layer(rough, target, lower=LowerLayers(), cancellation=self._cancellation)
        return Layer(diff_id, target)

    def _copy(self, source: str, step: CopyFiles, entries: Entries) -> None:
        member = self._members.get(source)
        if source == "." or (member is not None and member.isdir()):
            self._add_folders(step.target, entries)
            if step.target not in self._own and self._base.folder(step.target[1:]) != USUAL_FOLDER:
                raise NotDirectError  # whether it becomes like the source, builders have not always agreed on
            for path, below in self._below(source):
                self._add(posixpath.join(step.target, path), below, entries)
        elif member is not None and member.isreg():
            target = posixpath.join(step.target, posixpath.basename(source)) if step.into_folder else step.target
            self._add_folders(posixpath.dirname(target), entries)
            self._add(target, member, entries)
        else:
            raise NotDirectError  # nothing is there, or a link, which builders follow

    def _below(self, folder: str) -> Iterator[tuple[str, tarfile.TarInfo]]:
        """Paths relative to ``folder``; folders before what is in them."""
        prefix = "" if folder == "." else f"{folder}/"
        for path, member in self._members.items():
            if path.startswith(prefix):
                yield path[len(prefix) :], member

    def _add_folders(self, path: str, entries: Entries) -> None:
        """The folders down to ``path`` that are not there."""
        reached = "/"
        for part in filter(None, path.split("/")):
            reached = posixpath.join(reached, part)
            entry = self._at(reached)
            if entry is Found.NOTHING:
                self._make(reached)
                entries[reached] = _entry(reached, DIRECTORY, 0o755), None
            elif entry is not Found.FOLDER or reached in FILLED_BY_ENGINES:
                raise NotDirectError
            elif reached == ENSURED_BY_ENGINES and (owner := self._base.folder(reached[1:])) is not None:
                plain = _entry(reached, DIRECTORY, owner.mode)
                entries[reached] = replace(plain, uid=owner.uid, gid=owner.gid), None

    def _add(self, path: str, member: tarfile.TarInfo, entries: Entries) -> None:
        entry = self._at(path)
        if member.isdir():
            if entry in (Found.LINK, Found.OTHER):
                raise NotDirectError
            if entry is Found.NOTHING:
                self._make(path)
            entries[path] = _entry(path, DIRECTORY, member.mode), None
            return
        if entry is Found.FOLDER:
            raise NotDirectError
        self._found[path] = Found.LINK if member.issym() else Found.OTHER
        if member.issym():
            link = member.linkname.encode("utf-8", "surrogateescape")
            entries[path] = replace(_entry(path, SYMBOLIC_LINK, 0o777), link=link), None
        else:
            entries[path] = replace(_entry(path, REGULAR, member.mode), size=member.size), member

    def _make(self, folder: str) -> None:
        self._found[folder] = Found.FOLDER
        self._own.add(folder)

    def _at(self, path: str) -> Found:
        """What is there by now; its parent has been looked at before."""
        if path not in self._found:
            if posixpath.dirname(path) in self._own:
                self._found[path] = Found.NOTHING
            else:
                self._questions += 1
                if self._questions > MAX_QUESTIONS:
                    raise NotDirectError
                self._found[path] = self._base.found(path)
        return self._found[path]


def _entry(path: str, kind: bytes, mode: int) -> LayerEntry:
    return LayerEntry(path[1:].encode("utf-8", "surrogateescape"), kind, mode, 0, 0, CANONICAL_TIME)


def _write_content(archive: tarfile.TarFile, member: tarfile.TarInfo, target: BinaryIO) -> None:
    file = archive.extractfile(member)
    while file is not None and (piece := file.read(PIECE_BYTES)):
        target.write(piece)
    target.write(padding(member.size))
