"""Read the archive that an engine saves of an image, and write the one that it loads.

Both layouts are read: Docker's own (``ID/layer.tar``) and the OCI one (``blobs/sha256/…``, layers perhaps
compressed). The layout that is written is Docker's own, which every engine loads.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import IO, BinaryIO, cast

from msgspec import Struct, convert, field

from previewer.domain.json_value import JsonObject, canonical_json
from previewer.domain.tar_pieces import open_tar
from previewer.errors import FreezeError
from previewer.freeze.canonical.layer import CANONICAL_TIME
from previewer.freeze.canonical.layer_header import END, REGULAR, LayerEntry, padding, write_header

IN_MEMORY = 8 << 20
"""Bytes of a layer that are held; more go to the disk."""
PIECE_BYTES = 1 << 20
MAX_DOCUMENT = 4 << 20
"""Bytes of a configuration or a manifest: registries refuse larger ones."""
MANIFEST = "manifest.json"
_GZIP = b"\x1f\x8b"
_BLOBS = "blobs/sha256/"


class Layer(Struct, frozen=True):
    """A layer, and its content where that is to be had."""

    diff_id: str
    """``sha256:…`` of the uncompressed tar."""
    content: BinaryIO | None = None
    """A seekable file with the bytes as the archive holds them; ``None`` for a layer that was passed over."""


class SavedImage(Struct, frozen=True):
    """What an archive holds of its one image."""

    config: JsonObject
    config_digest: str
    layers: tuple[Layer, ...]
    """Layers, from the bottom."""


def read_archive(pieces: Iterator[bytes], *, without: Collection[str], files: ExitStack) -> SavedImage:
    """Read a stream; layers whose diff id is in ``without`` are not kept.

    ``files`` closes what is kept. Raises :class:`FreezeError` for an archive that ends early or makes no sense.
    """
    members: dict[str, BinaryIO] = {}
    links: dict[str, str] = {}
    try:
        # The stream has no other reader, so its last blocks may stay unread.
        with open_tar(pieces) as archive:
            for member in archive:
                if member.issym():
                    links[member.name] = member.linkname
                file = archive.extractfile(member) if member.isreg() else None
                if file is not None and (kept := _keep(member, file, without)) is not None:
                    members[member.name] = files.enter_context(kept)
        return _assemble(members, links)
    except (tarfile.TarError, ValueError, KeyError, IndexError) as error:
        raise FreezeError(f"the engine's archive of the image cannot be read: {error}") from error


def read_config_name(pieces: Iterator[bytes]) -> str:
    """What an archive calls its image's configuration: ``HEX.json`` or ``blobs/sha256/HEX``.

    Raises :class:`FreezeError` for an archive that ends early or makes no sense.
    """
    try:
        with open_tar(pieces) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name == MANIFEST else None
                if file is not None:
                    return _read_entry(file.read(MAX_DOCUMENT)).config
    except (tarfile.TarError, ValueError, KeyError, IndexError) as error:
        raise FreezeError(f"the engine's archive of the image cannot be read: {error}") from error
    raise FreezeError("the engine's archive of the image ends before its manifest")


def _keep(member: tarfile.TarInfo, file: IO[bytes], without: Collection[str]) -> BinaryIO | None:
    """The member's content as a file of its own, unless it is a layer that is not needed."""
    name = member.name.removeprefix(_BLOBS)
    if f"sha256:{name}" in without:
        return None
    kept = new_file()
    digest = hashlib.sha256()
    while piece := file.read(PIECE_BYTES):
        kept.write(piece)
        digest.update(piece)
    if f"sha256:{digest.hexdigest()}" in without:
        kept.close()
        return None
    kept.seek(0)
    return kept


def _assemble(members: Mapping[str, BinaryIO], links: Mapping[str, str]) -> SavedImage:
    entry = _read_entry(_document(members, MANIFEST))
    text = _document(members, entry.config)
    config = json.loads(text)
    diff_ids = convert(config, _Config).rootfs.diff_ids or ()
    layers = [
        Layer(diff_id, members.get(_followed(name, links)))
        for diff_id, name in zip(diff_ids, entry.layers or (), strict=True)
    ]
    return SavedImage(config, f"sha256:{hashlib.sha256(text).hexdigest()}", tuple(layers))


class _Entry(Struct, frozen=True, rename="pascal"):
    """What the manifest says of one image."""

    config: str
    layers: tuple[str, ...] | None = None


class _Layers(Struct, frozen=True):
    diff_ids: tuple[str, ...] | None = None


class _Config(Struct, frozen=True):
    rootfs: _Layers = field(default_factory=_Layers)


def _read_entry(manifest: bytes) -> _Entry:
    """The first image of an archive's manifest."""
    return convert(json.loads(manifest), tuple[_Entry, ...])[0]


def _followed(name: str, links: Mapping[str, str]) -> str:
    """Older engines write a layer that comes twice once, and a link (``../ID/layer.tar``) the second time."""
    return links[name].removeprefix("../") if name in links else name


def _document(members: Mapping[str, BinaryIO], name: str) -> bytes:
    if name not in members:
        raise FreezeError("the engine's archive of the image ends before its manifest", where=name)
    return members[name].read(MAX_DOCUMENT)


def uncompressed(layer: BinaryIO, files: ExitStack) -> BinaryIO:
    """The layer's tar. ``files`` closes what is made for it."""
    start = layer.read(len(_GZIP))
    layer.seek(0)
    if start != _GZIP:
        return layer
    plain = files.enter_context(new_file())
    with gzip.GzipFile(fileobj=layer, mode="rb") as packed:
        shutil.copyfileobj(packed, plain, PIECE_BYTES)
    plain.seek(0)
    return plain


def new_file() -> BinaryIO:
    """A temporary file that stays in memory while it is small."""
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(IN_MEMORY))


def write_archive(
    config_digest: str, config: bytes, layers: Sequence[Layer], *, names: Sequence[str]
) -> Iterator[bytes]:
    """The archive of one image, in pieces. Layers without content are those that the engine has."""
    plain = config_digest.removeprefix("sha256:")
    paths = [f"{layer.diff_id.removeprefix('sha256:')}/layer.tar" for layer in layers]
    manifest = canonical_json([{"Config": f"{plain}.json", "RepoTags": list(names), "Layers": paths}])
    yield from _file(f"{plain}.json", io.BytesIO(config))
    written = set()
    for path, layer in zip(paths, layers, strict=True):
        if layer.content is not None and path not in written:
            written.add(path)
            yield from _file(path, layer.content)
    yield from _file(MANIFEST, io.BytesIO(manifest))
    yield END


def _file(path: str, content: BinaryIO) -> Iterator[bytes]:
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    yield write_header(LayerEntry(path.encode(), REGULAR, 0o644, 0, 0, CANONICAL_TIME, size))
    while piece := content.read(PIECE_BYTES):
        yield piece
    yield padding(size)
