"""Configs and secrets: files that are copied into a container before it starts.

Compose mounts those that are files from the host. The host of an engine has no checkout of the commit, so all of
them are copied in, which works with any engine.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field

from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.specification import ContainerSpec
from previewer.engine.mapping import values
from previewer.engine.mapping.part import malformed

DEFAULT_FOLDERS = {"secrets": "/run/secrets/", "configs": "/"}
"""Where they stand unless the service says another target, by the key of the service."""
DEFAULT_MODE = 0o444


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """One file that a container is given."""

    path: str
    """Absolute, in the container."""
    content: bytes = field(repr=False)
    """It may be a secret."""
    mode: int = DEFAULT_MODE
    uid: int = 0
    gid: int = 0


def copied_files(spec: ContainerSpec) -> tuple[CopiedFile, ...]:
    """The files of the service's ``secrets`` and ``configs``, their content from ``spec.contents``."""
    return tuple(
        _copied(spec, kind, as_object(entry))
        for kind in DEFAULT_FOLDERS
        for entry in as_list(spec.compose.get(kind))
    )


def archive_of(files: tuple[CopiedFile, ...]) -> bytes:
    """The files as a tar archive to be unpacked at ``/``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode, entry.uid, entry.gid = len(file.content), file.mode, file.uid, file.gid
            archive.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()


def _copied(spec: ContainerSpec, kind: str, entry: JsonObject) -> CopiedFile:
    source = values.text(entry.get("source"))
    name = f"{kind}/{source}"
    if name not in spec.contents:
        raise malformed(spec, kind, f"nothing says what {source!r} contains")
    target = as_text(entry.get("target")) or source
    return CopiedFile(
        path=target if target.startswith("/") else DEFAULT_FOLDERS[kind] + target,
        content=spec.contents[name],
        mode=_mode(entry.get("mode")),
        uid=values.integer(entry.get("uid") or 0),
        gid=values.integer(entry.get("gid") or 0),
    )


def _mode(value: JsonValue) -> int:
    if value is None or value == "":
        return DEFAULT_MODE
    return int(value, 8) if isinstance(value, str) else values.integer(value)
