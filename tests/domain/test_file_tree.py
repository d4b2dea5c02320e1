from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry, blob_id, folders_above
from previewer.errors import NotFoundError, OutsideTreeError, PreviewerError


def make_tree(files: dict[str, bytes], links: dict[str, str] | None = None) -> FileTree:
    objects = {f"f:{path}": content for path, content in files.items()}
    objects |= {f"l:{path}": target.encode() for path, target in (links or {}).items()}
    entries = [TreeEntry(path, EntryKind.FILE, f"f:{path}", len(content)) for path, content in files.items()]
    entries += [TreeEntry(path, EntryKind.SYMLINK, f"l:{path}") for path in links or {}]
    entries.append(TreeEntry("vendor/lib", EntryKind.SUBMODULE, "f" * 40))
    return FileTree(entries, objects.__getitem__)


TREE = make_tree(
    {"compose.yaml": b"c", "envs/preview.yaml": b"p", "app/src/main.py": b"m"},
    {
        "link": "app/src",
        "app/up": "../envs",
        "out": "../../etc",
        "abs": "/etc",
        "loop": "loop",
        "deep": "link/main.py",
    },
)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("compose.yaml", b"c"),
        ("./envs/../compose.yaml", b"c"),
        ("link/main.py", b"m"),
        ("deep", b"m"),
        ("app/up/preview.yaml", b"p"),
        ("app//src/./main.py", b"m"),
    ],
)
def test_files_are_read_through_links_and_dots(path: str, content: bytes) -> None:
    assert TREE.read(path) == content
    assert TREE.is_file(path)


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "app/../../x", "out/passwd", "abs/passwd", "loop/x", "loop"]
)
def test_nothing_outside_can_be_named(path: str) -> None:
    with pytest.raises(OutsideTreeError):
        TREE.read(path)


@pytest.mark.parametrize("path", ["missing", "envs", "", "vendor/lib", "compose.yaml/x"])
def test_what_is_no_file_is_not_found(path: str) -> None:
    with pytest.raises(NotFoundError):
        TREE.read(path)


def test_a_file_over_the_limit_is_not_read() -> None:
    with pytest.raises(NotFoundError, match="at most 0"):
        TREE.read("compose.yaml", limit=0)


def test_directories() -> None:
    assert TREE.is_directory("")
    assert TREE.is_directory("link")
    assert not TREE.is_directory("compose.yaml")
    assert TREE.list_directory("app") == ("src", "up")
    assert [entry.path for entry in TREE.below("app")] == ["app/src/main.py", "app/up"]


@given(st.lists(st.sampled_from(["..", ".", "", "app", "link", "out", "up", "src", "deep", "loop"]), max_size=8))
def test_resolving_ends_inside_or_is_refused(parts: list[str]) -> None:
    try:
        resolved = TREE.resolve("/".join(parts).lstrip("/"))
    except PreviewerError:
        return
    assert ".." not in resolved.split("/")
    assert not resolved.startswith("/")


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("a", []),
        ("a/b/c", ["a/b", "a"]),
        ("/a/b", ["/a"]),
        ("//a", []),
        ("", []),
        ("/", []),
    ],
)
def test_the_folders_above_a_path_end_before_the_root(path: str, above: list[str]) -> None:
    assert list(folders_above(path)) == above


@pytest.mark.parametrize(
    ("length", "identifier"),
    [
        (40, "ce013625030ba8dba906f756967f9e9ca394464a"),
        (64, "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4"),
    ],
)
def test_a_blob_is_called_as_git_calls_it(length: int, identifier: str) -> None:
    assert blob_id(b"hello\n", id_length=length) == identifier
