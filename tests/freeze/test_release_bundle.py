"""A release as an OCI artifact: it comes back as it was, the same bytes each time, and nothing else is taken."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from previewer.docker_api.registry.repository import OCI_MANIFEST, RegistryManifest
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.domain.compose.mounted_files import digest_tree_files
from previewer.domain.json_value import canonical_json
from previewer.errors import RegistryError
from previewer.freeze.registry.release_bundle import (
    ARTIFACT_TYPE,
    ATTESTATION_TYPE,
    FILES_TYPE,
    MANIFEST_TYPE,
    TITLE,
    EncodedBundle,
    ReleaseBundle,
    decode_bundle,
    encode_bundle,
    read_archive,
    write_archive,
)
from tests.freeze.oci_registry import digest
from tests.ledger.test_contract import make_release

IMAGE = "sha256:" + "a" * 64
Contents = dict[str, tuple[EntryKind, bytes]]
FILES: Contents = {
    "etc/motd": (EntryKind.FILE, b"hello"),
    "etc/run ü": (EntryKind.EXECUTABLE, b"#!/bin/sh\n"),
    "etc/link": (EntryKind.SYMLINK, b"motd"),
    "etc/module": (EntryKind.SUBMODULE, b""),
    "etc/empty": (EntryKind.FILE, b""),
}


def make_tree(files: Contents, *, id_length: int = 40) -> FileTree:
    """As git would have it; ids are taken from what an archive of it is read as."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as tar:
        for path, (kind, content) in sorted(files.items()):
            header = tarfile.TarInfo(path)
            if kind is EntryKind.SUBMODULE:
                header.type, header.linkname = tarfile.DIRTYPE, "5" * id_length
            elif kind is EntryKind.SYMLINK:
                header.type, header.linkname = tarfile.SYMTYPE, content.decode("utf-8", "surrogateescape")
            else:
                header.size, header.mode = len(content), 0o755 if kind is EntryKind.EXECUTABLE else 0o644
            tar.addfile(header, io.BytesIO(content) if header.isreg() else None)
    return read_archive(written.getvalue(), id_length=id_length)


def make_bundle(files: Contents | None = None) -> ReleaseBundle:
    tree = make_tree(files if files is not None else FILES)
    sources = ("etc",) if files is None else tuple(files)
    release = structs.replace(make_release("c" * 40), files=digest_tree_files(tree, sources))
    said = {"provenance.json": b"{}", "bill.json": b"[]"}
    return ReleaseBundle(release, "0123456789abcdef", tree, {IMAGE: "sha256:" + "d" * 64}, said, b"tree 1\n")


def reader(encoded: EncodedBundle, *others: bytes) -> Callable[[str, int], bytes]:
    blobs = {digest(blob): blob for blob in (*encoded.blobs, *others)}
    return lambda name, _limit: blobs[name]


def manifest(content: bytes) -> RegistryManifest:
    return RegistryManifest(digest(content), OCI_MANIFEST, content)


def entries(tree: FileTree) -> list[TreeEntry]:
    return sorted(tree, key=lambda entry: entry.path)


def decoded(encoded: EncodedBundle) -> ReleaseBundle:
    return decode_bundle(manifest(encoded.manifest), reader(encoded))


def test_a_release_comes_back_as_it_was() -> None:
    bundle = make_bundle()
    found = decoded(encode_bundle(bundle))
    assert found.release == bundle.release
    assert found.release.id == bundle.release.id
    assert (found.installation, found.images) == (bundle.installation, bundle.images)
    assert (found.attestations, found.exported) == (bundle.attestations, bundle.exported)
    assert entries(found.files) == entries(bundle.files)
    assert found.files.read("etc/link") == b"hello"


def test_the_same_release_is_the_same_bytes_and_its_id_knows_no_registry() -> None:
    bundle = make_bundle()
    assert encode_bundle(bundle) == encode_bundle(decoded(encode_bundle(bundle)))
    elsewhere = replace(bundle, images={IMAGE: "sha256:" + "e" * 64})
    assert encode_bundle(elsewhere).manifest != encode_bundle(bundle).manifest
    assert decoded(encode_bundle(elsewhere)).release.id == bundle.release.id


def test_it_is_an_artifact_by_the_specification() -> None:
    encoded = encode_bundle(make_bundle())
    value = json.loads(encoded.manifest)
    assert (value["schemaVersion"], value["mediaType"], value["artifactType"]) == (2, OCI_MANIFEST, ARTIFACT_TYPE)
    assert value["config"]["mediaType"] == ARTIFACT_TYPE
    described = [value["config"], *value["layers"]]
    assert [(d["digest"], d["size"]) for d in described] == [(digest(b), len(b)) for b in encoded.blobs]


@pytest.mark.parametrize("id_length", [40, 64])
def test_ids_are_git_s(id_length: int) -> None:
    tree = make_tree({"a": (EntryKind.FILE, b"hello\n")}, id_length=id_length)
    expected = {
        40: "ce013625030ba8dba906f756967f9e9ca394464a",
        64: "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4",
    }
    assert [entry.object_id for entry in tree] == [expected[id_length]]


part = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
paths = st.lists(part.filter(lambda p: p not in (".", "..") and p.lower() != ".git"), min_size=1, max_size=3)
kinds = st.sampled_from([EntryKind.FILE, EntryKind.EXECUTABLE])


@given(st.dictionaries(paths.map("/".join), st.tuples(kinds, st.binary(max_size=600)), max_size=6))
def test_any_files_survive_an_archive(files: Contents) -> None:
    taken = {
        path: file
        for path, file in files.items()
        if not any(other != path and f"{path}/".startswith(f"{other}/") for other in files)
    }
    tree = make_tree(taken)
    again = read_archive(write_archive(tree), id_length=40)
    assert entries(again) == entries(tree)
    assert {e.path: again.read_entry(e) for e in again} == {p: content for p, (_, content) in taken.items()}
    assert write_archive(again) == write_archive(tree)


def with_layer(encoded: EncodedBundle, media_type: str, content: bytes | None) -> tuple[bytes, bytes]:
    """The manifest with another layer in one's place (or none), and that layer."""
    value = json.loads(encoded.manifest)
    value["layers"] = [layer for layer in value["layers"] if layer["mediaType"] != media_type]
    if content is not None:
        value["layers"].append({"mediaType": media_type, "digest": digest(content), "size": len(content)})
    return canonical_json(value), content or b""


def test_a_forged_manifest_is_refused() -> None:
    bundle = make_bundle()
    encoded = encode_bundle(bundle)
    forged = encode_bundle(replace(bundle, release=structs.replace(bundle.release, tree="f" * 40)))
    content, layer = with_layer(encoded, MANIFEST_TYPE, forged.blobs[1])
    with pytest.raises(RegistryError, match="does not match its id"):
        decode_bundle(manifest(content), reader(encoded, layer))
    content, _ = with_layer(encoded, MANIFEST_TYPE, None)
    with pytest.raises(RegistryError, match="no manifest"):
        decode_bundle(manifest(content), reader(encoded))


@pytest.mark.parametrize(
    "files",
    [
        {**FILES, "etc/motd": (EntryKind.FILE, b"changed")},
        {**FILES, "etc/motd": (EntryKind.EXECUTABLE, b"hello")},
        {**FILES, "etc/more": (EntryKind.FILE, b"")},
        {**FILES, "elsewhere": (EntryKind.FILE, b"")},
        {path: file for path, file in FILES.items() if path != "etc/empty"},
        {},
    ],
    ids=["content", "mode", "more", "elsewhere", "less", "none"],
)
def test_other_files_than_the_release_names_are_refused(files: Contents) -> None:
    encoded = encode_bundle(make_bundle())
    content, layer = with_layer(encoded, FILES_TYPE, write_archive(make_tree(files)) if files else None)
    with pytest.raises(RegistryError, match="not those that it names"):
        decode_bundle(manifest(content), reader(encoded, layer))


@pytest.mark.parametrize(
    "header",
    [
        ("../etc/passwd", tarfile.REGTYPE),
        ("/etc/passwd", tarfile.REGTYPE),
        ("a/../b", tarfile.REGTYPE),
        (".git/hooks/post-checkout", tarfile.REGTYPE),
        ("a/.GIT/config", tarfile.REGTYPE),
        ("device", tarfile.CHRTYPE),
        ("pipe", tarfile.FIFOTYPE),
        ("hard", tarfile.LNKTYPE),
        ("module", tarfile.DIRTYPE),
    ],
)
def test_an_archive_that_no_commit_gives_is_refused(header: tuple[str, bytes]) -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        entry = tarfile.TarInfo(header[0])
        entry.type = header[1]
        tar.addfile(entry)
    with pytest.raises(RegistryError):
        read_archive(written.getvalue(), id_length=40)


def sparse_header(size: int) -> bytes:
    """A file of 512 bytes of archive that reads as ``size`` bytes of nothing (GNU tar, "Old GNU Format")."""
    entry = tarfile.TarInfo("etc/motd")
    entry.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % size
    header[148:156] = b"%06o\0 " % (256 + sum(header[:148]) + sum(header[156:]))
    return bytes(header)


@pytest.mark.parametrize("size", [1 << 20, 7 << 30])
def test_a_small_archive_of_a_huge_file_is_refused_unread(size: int) -> None:
    with pytest.raises(RegistryError, match="longer than they are"):
        read_archive(sparse_header(size) + bytes(1024), id_length=40)


def test_headers_without_end_are_refused() -> None:
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 1
    one = entry.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")
    with pytest.raises(RegistryError, match="not an archive"):
        read_archive(one * 3000 + bytes(1024), id_length=40)


def test_a_file_that_is_a_folder_too_is_refused() -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        link = tarfile.TarInfo("etc")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("etc/cron.d/x"))
    with pytest.raises(RegistryError, match="a folder too"):
        read_archive(written.getvalue(), id_length=40)


@pytest.mark.parametrize("archive", [b"", b"no archive at all", b"x" * 2048])
def test_what_is_no_archive_is_refused_or_empty(archive: bytes) -> None:
    with pytest.raises(RegistryError):
        read_archive(archive, id_length=40)


@pytest.mark.parametrize(
    "odd",
    [
        {"installation": "--edit"},
        {"installation": ""},
        {"images": {IMAGE: "--x"}},
        {"images": {"x": "sha256:" + "d" * 64}},
        {"commit": "--batch"},
        {"commit": "HEAD"},
        {"tree": "--x"},
        {"project": "../shop"},
    ],
    ids=str,
)
def test_names_that_previewer_does_not_give_are_refused(odd: dict[str, str]) -> None:
    bundle = make_bundle({})
    inner = {key: value for key, value in odd.items() if key in ("commit", "tree", "project")}
    outer = {key: value for key, value in odd.items() if key not in inner}
    forged = replace(bundle, **outer, release=structs.replace(bundle.release, **inner))
    with pytest.raises(RegistryError, match="does not give"):
        decoded(encode_bundle(forged))


@pytest.mark.parametrize("file", ["a/b", "..", ".git", "a\0120000 blob x\tb", "a\nb", "x" * 200])
def test_an_attestation_has_a_plain_name(file: str) -> None:
    value = json.loads(encode_bundle(make_bundle()).manifest)
    place = {"mediaType": ATTESTATION_TYPE, "digest": digest(b"{}"), "size": 2}
    value["layers"].append({**place, "annotations": {TITLE: f"attestations/{file}"}})
    content = json.dumps(value).encode()
    with pytest.raises(RegistryError, match="no plain name"):
        decode_bundle(manifest(content), reader(encode_bundle(make_bundle()), b"{}"))


@pytest.mark.parametrize(
    "content",
    [b'{"version":1,"project":"\\ud800"}', b"[" * 100_000, b'{"version":1,"files":' + b"[" * 100_000, b"1"],
)
def test_a_manifest_that_is_no_plain_json_is_refused(content: bytes) -> None:
    encoded = encode_bundle(make_bundle())
    changed, layer = with_layer(encoded, MANIFEST_TYPE, content)
    with pytest.raises(RegistryError):
        decode_bundle(manifest(changed), reader(encoded, layer))
    for odd in (b"[" * 100_000, b'{"x":' + b"[" * 100_000, b'{"annotations":{"x":"\\ud800"}}'):
        with pytest.raises(RegistryError, match="cannot be read"):
            decode_bundle(manifest(odd), lambda _name, _limit: b"")


def test_a_model_with_odd_characters_is_refused() -> None:
    bundle = make_bundle({})
    encoded = encode_bundle(bundle)
    value = json.loads(encoded.blobs[1])
    value["definitions"]["preview"]["model"]["x-a"] = "?"
    layer = json.dumps(value).replace('"?"', '"\\ud800"').encode()
    changed, _ = with_layer(encoded, MANIFEST_TYPE, layer)
    with pytest.raises(RegistryError, match="cannot be read"):
        decode_bundle(manifest(changed), reader(encoded, layer))


def test_an_image_is_no_release() -> None:
    image = canonical_json(
        {"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json"}}
    )
    with pytest.raises(RegistryError, match="not a release"):
        decode_bundle(manifest(image), lambda _name, _limit: b"")
    with pytest.raises(RegistryError, match="cannot be read"):
        decode_bundle(manifest(b"<html>"), lambda _name, _limit: b"")
