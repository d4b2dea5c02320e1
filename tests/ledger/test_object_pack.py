"""Objects that we name and pack are git's own."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from previewer.git.command import GitCommand
from previewer.ledger.store import ObjectPack

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9).filter(
    lambda name: name not in (".", "..") and name.lower() != ".git"
)
FILES = st.dictionaries(NAMES, st.binary(max_size=300), max_size=4)


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GitCommand:
    folder = tmp_path_factory.mktemp(request.param)
    GitCommand(str(folder)).run("init", "--quiet", f"--object-format={request.param}")
    return GitCommand(str(folder))


def algorithm_of(repository: GitCommand) -> str:
    return repository.run("rev-parse", "--show-object-format").decode().strip()


@given(files=FILES, folder=st.none() | NAMES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_finds_what_was_packed(repository: GitCommand, files: dict[str, bytes], folder: str | None) -> None:
    pack = ObjectPack(algorithm_of(repository))
    inner = pack.add_tree({"file": b"inside"}, {})
    folders = {} if folder is None or folder in files else {folder: inner}
    tree = pack.add_tree(files, folders)
    repository.run("unpack-objects", "-q", "--strict", input_bytes=pack.content())
    listed = repository.run("ls-tree", "-z", tree).decode().split("\0")[:-1]
    assert {line.partition("\t")[2] for line in listed} == files.keys() | folders.keys()
    assert repository.run("mktree", "-z", input_bytes="".join(f"{line}\0" for line in listed).encode()) == (
        f"{tree}\n".encode()
    )
    for name, content in files.items():
        object_id = repository.run("hash-object", "--stdin", input_bytes=content).decode().strip()
        assert f"100644 blob {object_id}\t{name}" in listed
        assert repository.run("cat-file", "blob", object_id) == content


@pytest.mark.parametrize("size", [0, 1, 15, 16, 2047, 2048, 300_000])
def test_objects_of_every_size_arrive(repository: GitCommand, size: int) -> None:
    pack = ObjectPack(algorithm_of(repository))
    content = bytes(number % 251 for number in range(size))
    object_id = pack.add("blob", content)
    repository.run("unpack-objects", "-q", "--strict", input_bytes=pack.content())
    assert repository.run("cat-file", "blob", object_id) == content
    repository.run("fsck", "--strict")
