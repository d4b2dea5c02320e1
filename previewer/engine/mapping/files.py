"""Configs and secrets: files that are copied into a container before it starts.

Compose mounts those that are files from the host. The host of an engine has no checkout of the commit, so they are
copied in, which works with any engine. Where nothing can be copied in they are mounts by now, see
``previewer.domain.compose.served_files``.
"""

from __future__ import annotations

import io
import tarfile

from msgspec import Struct

from previewer.domain.compose.mounted_files import ConfigMount, config_mounts
from previewer.domain.compose.service import Service
from previewer.domain.engine.specs import ContainerSpec
from previewer.engine.mapping.part import malformed


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
    return tuple(_copied(spec, file) for file in config_mounts(Service(spec.service, spec.compose)))


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
