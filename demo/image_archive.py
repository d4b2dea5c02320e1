"""An image of one layer as the archive that engines load, with the same bytes each time.

Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

EPOCH = 1_700_000_000
"""The time of every file, in seconds since 1970: any fixed one would do."""


@dataclass
class Layer:
    """The files of an image, by absolute path inside it."""

    files: dict[str, Path] = field(default_factory=dict)
    """Path in the image to the file whose bytes and permissions it gets."""
    texts: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """Symbolic links: path to target."""
    open_folders: tuple[str, ...] = ("/tmp",)
    """Folders that anybody may write to; all others come from the files' paths."""

    def write(self, path: Path) -> str:
        """Write the layer's tar to ``path`` and return its digest, ``sha256:…``."""
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            for folder in self._folders():
                tar.addfile(_member(folder, tarfile.DIRTYPE, 0o1777 if folder in self.open_folders else 0o755))
            for name, target in sorted(self.links.items()):
                member = _member(name, tarfile.SYMTYPE, 0o777)
                member.linkname = target
                tar.addfile(member)
            for name, text in sorted(self.texts.items()):
                _add_bytes(tar, name, text.encode())
            for name, source in sorted(self.files.items()):
                mode = 0o755 if source.stat().st_mode & 0o111 else 0o644
                _add_bytes(tar, name, source.read_bytes(), mode=mode)
        with path.open("rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()

    def _folders(self) -> list[str]:
        found = set(self.open_folders)
        for name in (*self.files, *self.texts, *self.links, *self.open_folders):
            found |= {str(parent) for parent in PurePosixPath(name).parents}
        return sorted(found - {"/"})


def write_image(
    path: Path, layer: Layer, *, reference: str, architecture: str, config: Mapping[str, object]
) -> str:
    """Write the archive to ``path`` and return the image's id, ``sha256:…`` of its configuration.

    ``architecture`` is Go's name of it (``amd64``), ``config`` the image's ``Config`` (``Env``, ``Labels``, …).
    """
    layer_file = path.with_suffix(".layer")
    try:
        digest = layer.write(layer_file)
        description = _canonical(
            {
                "architecture": architecture,
                "config": config,
                "created": "2023-11-14T22:13:20Z",
                "history": [{"created": "2023-11-14T22:13:20Z", "created_by": "previewer demo"}],
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [digest]},
            }
        )
        image_id = hashlib.sha256(description).hexdigest()
        layer_name = f"{digest.removeprefix('sha256:')}.tar"
        manifest = [{"Config": f"{image_id}.json", "RepoTags": [reference], "Layers": [layer_name]}]
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            _add_bytes(tar, "manifest.json", _canonical(manifest))
            _add_bytes(tar, f"{image_id}.json", description)
            member = _member(layer_name, tarfile.REGTYPE, 0o644)
            member.size = layer_file.stat().st_size
            with layer_file.open("rb") as file:
                tar.addfile(member, file)
        return f"sha256:{image_id}"
    finally:
        layer_file.unlink(missing_ok=True)


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name.lstrip("/"))
    member.type = kind
    member.mode = mode
    member.mtime = EPOCH
    return member


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes, *, mode: int = 0o644) -> None:
    member = _member(name, tarfile.REGTYPE, mode)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
