"""Archives of a commit's files: read back by Python's tarfile, equal for equal files."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from posixpath import normpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.errors import FreezeError
from previewer.freeze.tree_archive import LARGE_BYTES, archive_entries, archive_file, archive_tree

TIME = 1_700_000_000
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n".encode()


def make_tree(files: dict[str, tuple[EntryKind, bytes]]) -> FileTree:
    def stream(object_id: str) -> Iterator[bytes]:
        content = files[object_id][1]
        yield from (content[start : start + 1_000_000] for start in range(0, len(content), 1_000_000))

    entries = [TreeEntry(path, kind, path, len(content)) for path, (kind, content) in files.items()]
    return FileTree(entries, lambda object_id: files[object_id][1], stream)


def read_archive(content: bytes) -> dict[str, tuple[int, str | bytes]]:
    found: dict[str, tuple[int, str | bytes]] = {}
    with tarfile.open(fileobj=io.BytesIO(content), errors="surrogateescape") as tar:
        for entry in tar:
            assert (entry.uid, entry.gid, entry.uname, entry.mtime) == (0, 0, "", TIME)
            file = tar.extractfile(entry) if entry.isreg() else None
            found[entry.name] = (entry.mode, entry.linkname if file is None else file.read())
    return found


def archive(tree: FileTree, *sources: str) -> bytes:
    places = {normpath(source): source for source in sources} or {"": "."}
    return b"".join(archive_tree(tree, places, commit_time=TIME))


def test_every_kind_of_entry() -> None:
    long = "d/" + "n" * 150
    tree = make_tree(
        {
            "a": (EntryKind.FILE, b"1"),
            "d/e/run": (EntryKind.EXECUTABLE, b"2"),
            "d/link": (EntryKind.SYMLINK, b"../a"),
            long: (EntryKind.FILE, b"3"),
            "\udce9": (EntryKind.FILE, b"4"),
        }
    )
    assert read_archive(archive(tree)) == {
        "a": (0o644, b"1"),
        "d": (0o755, ""),
        "d/e": (0o755, ""),
        "d/e/run": (0o755, b"2"),
        "d/link": (0o777, "../a"),
        long: (0o644, b"3"),
        "\udce9": (0o644, b"4"),
    }


def test_large_files_are_passed_on_in_pieces() -> None:
    content = b"x" * (LARGE_BYTES + 1)
    tree = make_tree({"big": (EntryKind.FILE, content)})
    pieces = list(archive_tree(tree, {"": "."}, commit_time=TIME))
    assert max(map(len, pieces)) < LARGE_BYTES // 2
    assert read_archive(b"".join(pieces)) == {"big": (0o644, content)}


def test_only_what_is_asked_for_under_the_name_that_was_asked_for() -> None:
    tree = make_tree(
        {
            "conf/site": (EntryKind.FILE, b"1"),
            "conf2/x": (EntryKind.FILE, b"2"),
            "current": (EntryKind.SYMLINK, b"conf"),
            "file": (EntryKind.FILE, b"3"),
        }
    )
    assert set(read_archive(archive(tree, "conf/", "./file"))) == {"conf", "conf/site", "file"}
    assert set(read_archive(archive(tree, "current"))) == {"current", "current/site"}


@given(st.dictionaries(st.sampled_from(["a", "b/c", "b/d/e", "f-g", "f/h"]), st.binary(max_size=1200)))
def test_order_does_not_matter(contents: dict[str, bytes]) -> None:
    files = {path: (EntryKind.FILE, content) for path, content in contents.items()}
    backwards = dict(reversed(list(files.items())))
    one, two = archive(make_tree(files)), archive(make_tree(backwards))
    assert one == two
    assert len(one) % 512 == 0
    assert {name: value for name, (_, value) in read_archive(one).items() if isinstance(value, bytes)} == contents


def test_a_file_in_front_of_an_archive() -> None:
    content = archive_file("x/Dockerfile", b"FROM a", commit_time=TIME) + archive(
        make_tree({"a": (EntryKind.FILE, b"1")})
    )
    assert read_archive(content) == {"x/Dockerfile": (0o644, b"FROM a"), "a": (0o644, b"1")}


@pytest.mark.parametrize("size", [20, LARGE_BYTES + 1])
def test_ciphertext_is_taken_only_where_that_is_said(size: int) -> None:
    tree = make_tree({"key": (EntryKind.FILE, b"\0GITCRYPT\0".ljust(size, b"x"))})
    entries = [("key", entry) for entry in tree]
    with pytest.raises(FreezeError, match="git-crypt") as caught:
        b"".join(archive_entries(tree, entries, commit_time=TIME, takes_ciphertext=False))
    assert caught.value.where == "key"
    assert b"".join(archive_entries(tree, entries, commit_time=TIME))


@pytest.mark.parametrize(("kind", "content"), [(EntryKind.SUBMODULE, b""), (EntryKind.FILE, LFS)])
def test_what_is_not_in_the_commit_is_refused(kind: EntryKind, content: bytes) -> None:
    modules = (EntryKind.FILE, b"[submodule]\npath = sub/x\n")
    tree = make_tree({"sub/x": (kind, content), ".gitmodules": modules})
    with pytest.raises(FreezeError) as caught:
        b"".join(archive_entries(tree, [("x", entry) for entry in tree], commit_time=TIME))
    assert caught.value.where == "sub/x"
    assert caught.value.hint
