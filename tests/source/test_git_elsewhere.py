"""Submodules and Git LFS files, from what git keeps on this machine; no working tree is looked at."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.domain.commit.files import EntryKind, FileTree
from previewer.errors import FreezeError
from previewer.freeze.tree_archive import archive_tree
from previewer.source.git import GitSource
from tests.freeze.test_tree_archive import read_archive
from tests.source.repository import GitRepository

LARGE = b"a large file\n" * 100
DIGEST = hashlib.sha256(LARGE).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{DIGEST}\nsize {len(LARGE)}\n"
TIME = 1_700_000_000


@pytest.fixture
def shop(tmp_path: Path) -> GitRepository:
    """A repository with a submodule that has a submodule itself."""
    inner, library, found = (GitRepository(tmp_path / name) for name in ("inner", "library", "shop"))
    inner.commit({"deep/file": "deep\n"})
    library.commit({"lib.py": "lib\n"})
    allow = ("-c", "protocol.file.allow=always", "submodule", "--quiet")
    library.git(*allow, "add", "--name", "inner", str(inner.path), "vendor/inner")
    library.commit({})
    found.commit({"app.py": "app\n"})
    found.git(*allow, "add", "--name", "the library", str(library.path), "libs/library")
    found.git(*allow, "update", "--init", "--recursive")
    found.commit({})
    return found


def tree_of(repository: GitRepository) -> tuple[GitSource, FileTree]:
    source = GitSource(repository.path)
    return source, source.tree(source.resolve("HEAD").commit.id)


@pytest.fixture
def opened(shop: GitRepository) -> Iterator[FileTree]:
    shutil.rmtree(shop.path / "libs")  # a submodule's repository does without its working tree
    source, tree = tree_of(shop)
    yield tree
    source.close()


def test_submodules_are_in_the_tree_with_all_their_files(opened: FileTree) -> None:
    assert {entry.kind for entry in opened if entry.path == "libs/library"} == {EntryKind.SUBMODULE}
    whole = opened.with_submodules
    assert whole.read("libs/library/lib.py") == b"lib\n"
    assert whole.read("libs/library/vendor/inner/deep/file") == b"deep\n"
    assert whole.read("app.py") == b"app\n"
    assert whole.is_directory("libs/library/vendor")
    assert not [entry for entry in whole if entry.kind is EntryKind.SUBMODULE]
    archived = read_archive(b"".join(archive_tree(opened, {"libs": "libs"}, commit_time=TIME)))
    assert archived["libs/library/lib.py"] == (0o644, b"lib\n")


def test_a_submodule_that_is_not_here_stays_an_entry_and_cannot_be_archived(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "shop")
    repository.commit({".gitmodules": '[submodule "../../evil"]\n\tpath = sub\n\turl = x\n'})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},sub")
    repository.commit({"x": "x"})
    source, tree = tree_of(repository)
    assert [entry.path for entry in tree.with_submodules if entry.kind is EntryKind.SUBMODULE] == ["sub"]
    with pytest.raises(FreezeError, match="not on this machine") as caught:
        b"".join(archive_tree(tree, {"": "."}, commit_time=TIME))
    assert caught.value.where == "sub"
    assert "git submodule update" in (caught.value.hint or "")
    source.close()


@pytest.fixture
def with_pointer(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path / "shop")
    repository.commit({"model.bin": POINTER})
    return repository


def store_large(repository: GitRepository, content: bytes, *, storage: str = ".git/lfs") -> None:
    path = repository.path / storage / "objects" / DIGEST[:2] / DIGEST[2:4] / DIGEST
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


@pytest.mark.parametrize("storage", ["lfs", "shared/store"])
def test_a_pointer_s_place_is_taken_by_the_file(with_pointer: GitRepository, storage: str) -> None:
    if storage != "lfs":
        with_pointer.git("config", "lfs.storage", storage)
    store_large(with_pointer, LARGE, storage=f".git/{storage}")
    source, tree = tree_of(with_pointer)
    archived = read_archive(b"".join(archive_tree(tree, {"": "."}, commit_time=TIME)))
    assert archived == {"model.bin": (0o644, LARGE)}
    source.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "not on this machine"),
        (LARGE[:-1] + b"!", "not the one that the commit names"),
        (LARGE + b"x", "not the one that the commit names"),
    ],
    ids=["absent", "changed", "longer"],
)
def test_a_large_file_that_is_not_what_the_commit_names_is_refused(
    with_pointer: GitRepository, content: bytes | None, words: str
) -> None:
    if content is not None:
        store_large(with_pointer, content)
    source, tree = tree_of(with_pointer)
    with pytest.raises(FreezeError, match=words) as caught:
        b"".join(archive_tree(tree, {"": "."}, commit_time=TIME))
    assert caught.value.where == "model.bin"
    assert "git lfs fetch" in (caught.value.hint or "")
    source.close()


def test_a_submodule_s_repository_may_lie_in_its_own_folder(shop: GitRepository) -> None:
    modules = shop.path / ".git" / "modules" / "the library"
    own = shop.path / "libs" / "library" / ".git"
    own.unlink()
    shutil.move(modules, own)
    source, tree = tree_of(shop)
    whole = tree.with_submodules
    assert whole.read("libs/library/lib.py") == b"lib\n"
    assert whole.read("libs/library/vendor/inner/deep/file") == b"deep\n"
    source.close()


def test_a_nested_one_too(shop: GitRepository) -> None:
    modules = shop.path / ".git" / "modules" / "the library" / "modules" / "inner"
    own = shop.path / "libs" / "library" / "vendor" / "inner" / ".git"
    own.unlink()
    shutil.move(modules, own)
    source, tree = tree_of(shop)
    assert tree.with_submodules.read("libs/library/vendor/inner/deep/file") == b"deep\n"
    source.close()


@pytest.mark.parametrize("linked", ["libs/library", "libs"])
def test_a_link_in_the_working_tree_leads_to_no_other_repository(shop: GitRepository, linked: str) -> None:
    away = shop.path.parent / "away"
    shutil.move(shop.path / ".git" / "modules" / "the library", away)
    folder = shop.path / linked
    shutil.rmtree(folder)
    target = away.parent / "target"
    (target if linked == "libs/library" else target / "library").mkdir(parents=True)
    shutil.move(away, (target if linked == "libs/library" else target / "library") / ".git")
    folder.symlink_to(target)
    source, tree = tree_of(shop)
    assert {entry.kind for entry in tree.with_submodules if entry.path == "libs/library"} == {EntryKind.SUBMODULE}
    source.close()


def test_a_submodule_that_nothing_names_is_an_empty_folder(shop: GitRepository) -> None:
    shop.git("rm", "--quiet", "--cached", ".gitmodules")
    shop.git("commit", "--quiet", "-m", "forget")
    shutil.rmtree(shop.path / "libs")
    shutil.rmtree(shop.path / ".git" / "modules")
    source, tree = tree_of(shop)
    found = read_archive(b"".join(archive_tree(tree, {"": "."}, commit_time=TIME)))
    assert "libs/library" in found
    assert "app.py" in found
    source.close()
