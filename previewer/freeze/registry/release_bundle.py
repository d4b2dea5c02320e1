"""A release as it travels: the manifest, the archive of the files it serves, and its attestations."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field, json

from previewer.docker_api.registry.answer import parse_json
from previewer.docker_api.registry.repository import (
    OCI_MANIFEST,
    Descriptor,
    RegistryManifest,
    digest_bytes,
    is_digest,
)
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry, blob_id, folders_above
from previewer.domain.commit.revision import is_object_id
from previewer.domain.compose.mounted_files import digest_tree_files, served_entries
from previewer.domain.json_value import JsonObject, canonical_json
from previewer.domain.labels import OCI_CREATED, OCI_REVISION
from previewer.domain.naming import project_name
from previewer.domain.release.release import Release, manifest_of, read_manifest
from previewer.domain.units import format_time
from previewer.errors import NotFoundError, OutsideTreeError, RegistryError

MODES = {EntryKind.FILE: 0o644, EntryKind.EXECUTABLE: 0o755, EntryKind.SYMLINK: 0o777, EntryKind.SUBMODULE: 0o755}
TYPES = {EntryKind.SYMLINK: tarfile.SYMTYPE, EntryKind.SUBMODULE: tarfile.DIRTYPE}
MAX_ENTRIES = 100_000


def write_archive(tree: FileTree) -> bytes:
    """All entries of ``tree``, by path. A submodule is an empty folder with its commit as the link's target."""
    written = io.BytesIO()
    with tarfile.open(
        fileobj=written, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for entry in sorted(tree, key=lambda entry: entry.path):
            content = b"" if entry.kind is EntryKind.SUBMODULE else tree.read_entry(entry)
            header = tarfile.TarInfo(entry.path)
            header.mode, header.type = MODES[entry.kind], TYPES.get(entry.kind, tarfile.REGTYPE)
            if entry.kind is EntryKind.SUBMODULE:
                header.linkname = entry.object_id
            elif entry.kind is EntryKind.SYMLINK:
                header.linkname = content.decode("utf-8", "surrogateescape")
            else:
                header.size = len(content)
            tar.addfile(header, io.BytesIO(content) if header.isreg() else None)
    return written.getvalue()


def read_archive(archive: bytes, *, id_length: int) -> FileTree:
    """The tree that :func:`write_archive` wrote; ``id_length`` is that of git's ids in its repository (40 or 64).

    Ids of blobs are computed from what is there. Raises :class:`RegistryError` for anything else than such an
    archive: paths that leave it, devices, two entries of one name, files that are longer than the archive.
    """
    entries: dict[str, TreeEntry] = {}
    contents: dict[str, bytes] = {}
    try:
        for header, content in _members(archive):
            entry = _entry(header, content, id_length)
            if entry.path in entries or len(entries) >= MAX_ENTRIES:
                raise RegistryError("the release's files are not an archive made by previewer", where=entry.path)
            entries[entry.path] = entry
            contents[entry.object_id] = content
    except (tarfile.TarError, EOFError, RecursionError) as error:
        raise RegistryError(f"the release's files are not an archive: {error}") from error
    below = {parent for path in entries for parent in folders_above(path)}
    if mixed := sorted(below & entries.keys()):
        raise RegistryError("the release's files have a file that is a folder too", where=mixed[0])
    return FileTree(entries.values(), contents.__getitem__)


def _members(archive: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
        for header in tar:
            if header.sparse is not None or header.size > len(archive):
                raise RegistryError(
                    "the release's files say that they are longer than they are", where=header.name
                )
            file = tar.extractfile(header) if header.isreg() else None
            yield header, file.read() if file else header.linkname.encode("utf-8", "surrogateescape")


def _entry(header: tarfile.TarInfo, content: bytes, id_length: int) -> TreeEntry:
    parts = header.name.split("/")
    if any(part in ("", ".", "..") or part.lower() == ".git" or "\0" in part for part in parts):
        raise RegistryError("the release's files have a path that no commit can have", where=header.name)
    if header.isdir() and is_object_id(header.linkname):
        return TreeEntry(header.name, EntryKind.SUBMODULE, header.linkname)
    if header.issym():
        return TreeEntry(header.name, EntryKind.SYMLINK, blob_id(content, id_length=id_length))
    if not header.isreg():
        raise RegistryError("the release's files hold what no commit can hold", where=header.name)
    kind = EntryKind.EXECUTABLE if header.mode & 0o100 else EntryKind.FILE
    return TreeEntry(header.name, kind, blob_id(content, id_length=id_length), len(content))


ARTIFACT_TYPE = "application/vnd.previewer.release.v1+json"
"""Of the artifact, and of its config: the release's id, whose it is, and where its images are."""
MANIFEST_TYPE = "application/vnd.previewer.manifest.v1+json"
FILES_TYPE = "application/vnd.previewer.files.v1.tar"
ATTESTATION_TYPE = "application/vnd.previewer.attestation.v1+json"
SIGNED_TYPE = "application/vnd.previewer.attestation.v1.git-commit"
"""A git commit that holds the attestations, whose parent is the release: it may be signed."""
TITLE = "org.opencontainers.image.title"
MANIFEST_TITLE, FILES_TITLE = "manifest.json", "files.tar"
ATTESTATIONS_FOLDER, SIGNED_TITLE = "attestations", "attestations.commit"
_INSTALLATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PLAIN_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
NO_FILES = bytes(1024)
"""An archive of nothing."""
MAX_JSON_BYTES = 64 << 20
MAX_FILES_BYTES = 512 << 20
MAX_SAID_BYTES = 256 << 20
"""Of all attestations together."""


class ReleaseBundle(Struct, frozen=True):
    """A release and all that another machine needs besides its images."""

    release: Release
    installation: str
    """Whose it is: equal for all clones of the repository."""
    files: FileTree
    """Exactly those that the release serves."""
    images: Mapping[str, str] = field(default_factory=dict)
    """By image (config digest), the digest under which the artifact's own repository has it."""
    attestations: Mapping[str, bytes] = field(default_factory=dict)
    """What is said about it, by file name."""
    exported: bytes | None = None
    """The attestations as the ledger exports them, with their signature."""


class EncodedBundle(Struct, frozen=True):
    """The artifact's bytes."""

    blobs: tuple[bytes, ...]
    manifest: bytes


def encode_bundle(bundle: ReleaseBundle) -> EncodedBundle:
    """What is to be stored in a registry: all blobs, then the manifest."""
    release = bundle.release
    config = json.encode(
        _Config(release.id, release.project, bundle.installation, dict(bundle.images)), order="sorted"
    )
    layers = list(_layers(bundle))
    manifest: JsonObject = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": _descriptor(ARTIFACT_TYPE, config),
        "layers": [
            {**_descriptor(kind, content), "annotations": {TITLE: title}} for kind, title, content in layers
        ],
        "annotations": {
            OCI_CREATED: format_time(bundle.release.committed_at),
            OCI_REVISION: bundle.release.commit,
            TITLE: bundle.release.project,
        },
    }
    return EncodedBundle((config, *(content for _, _, content in layers)), canonical_json(manifest))


def decode_bundle(manifest: RegistryManifest, read_blob: Callable[[str, int], bytes]) -> ReleaseBundle:
    """The bundle behind a manifest; ``read_blob`` gives a blob by digest, of at most so many bytes.

    Raises :class:`RegistryError` where it is none, or where its parts do not belong together: the release's id and
    the digests of its files are recomputed.
    """
    place, layers = manifest.value.config, manifest.value.layers or []
    if place is None or place.media_type != ARTIFACT_TYPE:
        raise RegistryError("this is not a release", where=manifest.digest, hint="`previewer push` makes one")
    try:
        config = parse_json(read_blob(place.digest, MAX_JSON_BYTES), _Config)
    except ValueError as error:
        raise RegistryError(f"the release's config cannot be read: {error}") from error
    release = _read_release(layers, read_blob, config.release)
    _refuse_odd_names(release, config.installation, config.images)
    return ReleaseBundle(
        release=release,
        installation=config.installation,
        files=_read_files(release, layers, read_blob),
        images=config.images,
        attestations=_read_attestations(layers, read_blob),
        exported=_read_layer(layers, SIGNED_TYPE, read_blob, MAX_JSON_BYTES),
    )


def _refuse_odd_names(release: Release, installation: str, images: Mapping[str, str]) -> None:
    """What is given to git and to the engine as names has to be what we would write ourselves."""
    digests = [release.id, *images, *images.values(), *(artifact.image for artifact in release.artifacts)]
    odd = [text for text in digests if not is_digest(text)]
    odd += [text for text in (release.commit, release.tree) if not is_object_id(text)]
    if _INSTALLATION.fullmatch(installation) is None:
        odd.append(installation)
    if project_name(release.project) != release.project:
        odd.append(release.project)
    if odd:
        raise RegistryError("the release has a name that previewer does not give", where=odd[0] or release.id)


class _Config(Struct, frozen=True):
    release: str = ""
    project: str = ""
    installation: str = ""
    images: dict[str, str] = field(default_factory=dict)


def _layers(bundle: ReleaseBundle) -> Iterator[tuple[str, str, bytes]]:
    """Media type, title and content."""
    yield MANIFEST_TYPE, MANIFEST_TITLE, canonical_json(manifest_of(bundle.release))
    if bundle.release.files:
        yield FILES_TYPE, FILES_TITLE, write_archive(bundle.files)
    for file, content in sorted(bundle.attestations.items()):
        yield ATTESTATION_TYPE, f"{ATTESTATIONS_FOLDER}/{file}", content
    if bundle.exported is not None:
        yield SIGNED_TYPE, SIGNED_TITLE, bundle.exported


def _descriptor(media_type: str, content: bytes) -> JsonObject:
    return {"mediaType": media_type, "digest": digest_bytes(content), "size": len(content)}


def _read_release(layers: list[Descriptor], read_blob: Callable[[str, int], bytes], expected: str) -> Release:
    content = _read_layer(layers, MANIFEST_TYPE, read_blob, MAX_JSON_BYTES)
    if content is None:
        raise RegistryError("the release has no manifest", where=expected)
    try:
        release = read_manifest(content)
        digest = release.id
    except (ValueError, RecursionError) as error:
        raise RegistryError(f"the release cannot be read: {error}", where=expected) from error
    if digest_bytes(content) != expected or digest != expected:
        raise RegistryError("the release's content does not match its id", where=expected)
    return release


def _read_files(release: Release, layers: list[Descriptor], read_blob: Callable[[str, int], bytes]) -> FileTree:
    archive = _read_layer(layers, FILES_TYPE, read_blob, MAX_FILES_BYTES)
    tree = read_archive(archive if archive is not None else NO_FILES, id_length=len(release.commit))
    try:
        matches = digest_tree_files(tree, release.files) == release.files
        needed = {entry.path for entry in served_entries(tree, release.files)}
    except (OutsideTreeError, NotFoundError) as error:
        raise RegistryError(f"the release's files cannot be read: {error}", where=release.id) from error
    if not matches or needed != {entry.path for entry in tree}:
        raise RegistryError("the release's files are not those that it names", where=release.id)
    return tree


def _read_attestations(layers: list[Descriptor], read_blob: Callable[[str, int], bytes]) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    left = MAX_SAID_BYTES
    for layer in layers:
        folder, _, file = (layer.annotations or {}).get(TITLE, "").partition("/")
        if layer.media_type == ATTESTATION_TYPE and folder == ATTESTATIONS_FOLDER and file:
            if _PLAIN_FILE.fullmatch(file) is None:
                raise RegistryError("what is said about the release has no plain name", where=file)
            files[file] = read_blob(layer.digest, min(left, MAX_JSON_BYTES))
            left -= len(files[file])
    return files


def _read_layer(
    layers: list[Descriptor], media_type: str, read_blob: Callable[[str, int], bytes], limit: int
) -> bytes | None:
    digests = [layer.digest for layer in layers if layer.media_type == media_type]
    return read_blob(digests[0], limit) if digests else None
