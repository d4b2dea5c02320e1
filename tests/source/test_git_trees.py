"""The files of a commit, as the git source reads them."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from previewer.domain.commit.files import EntryKind
from previewer.errors import NotFoundError
from tests.source.repository import GitRepository, Opener


def test_a_tree_has_every_kind_of_entry(repository: GitRepository, open_source: Opener) -> None:
    (repository.path / "run").write_text("#!/bin/sh\n")
    (repository.path / "run").chmod(0o755)
    (repository.path / "link").symlink_to("a.txt")
    repository.git("add", "run", "link")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendored")
    commit = repository.commit({"odd \n\tname": "odd", "Ä/ü": "utf"})
    tree = open_source(repository.path).tree(commit)
    assert {entry.path: entry.kind for entry in tree} == {
        "a.txt": EntryKind.FILE,
        "link": EntryKind.SYMLINK,
        "odd \n\tname": EntryKind.FILE,
        "run": EntryKind.EXECUTABLE,
        "vendored": EntryKind.SUBMODULE,
        "Ä/ü": EntryKind.FILE,
    }
    assert (tree.read("link"), tree.read("Ä/ü")) == (b"one", b"utf")
    assert {entry.path: entry.size for entry in tree}["a.txt"] == 3


def test_large_blobs_come_in_pieces(repository: GitRepository, open_source: Opener) -> None:
    content = os.urandom(3 << 20)
    commit = repository.commit({"big": content})
    tree = open_source(repository.path).tree(commit)
    (entry,) = (entry for entry in tree if entry.path == "big")
    pieces = list(tree.stream_entry(entry))
    assert len(pieces) > 1
    assert b"".join(pieces) == content == tree.read("big")


def test_an_unknown_commit_has_no_tree(repository: GitRepository, open_source: Opener) -> None:
    source = open_source(repository.path)
    for commit in ("1" * 40, "--help", "main:"):
        with pytest.raises(NotFoundError):
            source.tree(commit)


def test_threads_share_one_process_and_a_dead_one_is_replaced(
    repository: GitRepository, open_source: Opener
) -> None:
    names = {f"f{n}": f"content {n}\n" * n for n in range(50)}
    commit = repository.commit(names)
    source = open_source(repository.path)
    tree = source.tree(commit)
    assert tree.read("f1") == b"content 1\n"  # the process is there before anybody kills it
    wrong: list[str] = []

    def read_all() -> None:
        wrong.extend(name for name, text in names.items() if tree.read(name) != text.encode())

    threads = [threading.Thread(target=read_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    process = source.objects._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert wrong == []
    assert source.objects._process is not None


def test_replaced_objects_are_read_as_they_were(repository: GitRepository, open_source: Opener) -> None:
    first = repository.git("rev-parse", "HEAD")
    second = repository.commit({"a.txt": "forged"})
    repository.git("replace", first, second)
    assert open_source(repository.path).tree(first).read("a.txt") == b"one"
