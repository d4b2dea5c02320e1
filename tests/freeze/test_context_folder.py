"""Contexts as folders: as they were committed, and gone when no build runs."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.builders.buildx import PREFIX, build_folder, unpack_context
from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.files import EntryKind
from previewer.errors import CancelledError
from previewer.freeze.tree_archive import archive_tree
from tests.freeze.test_tree_archive import TIME, make_tree


def test_files_links_modes_and_times_are_the_commit_s(tmp_path: Path) -> None:
    tree = make_tree(
        {
            "a": (EntryKind.FILE, b"1"),
            "d/e/run": (EntryKind.EXECUTABLE, b"2" * 700_000),
            "d/link": (EntryKind.SYMLINK, b"../a"),
            "out": (EntryKind.SYMLINK, b"/etc/passwd"),
            "\udce9": (EntryKind.FILE, b""),
        }
    )
    unpack_context(archive_tree(tree, {"": "."}, commit_time=TIME), tmp_path / "c", Cancellation())
    assert {str(path.relative_to(tmp_path / "c")) for path in (tmp_path / "c").rglob("*")} == {
        "a", "d", "d/e", "d/e/run", "d/link", "out", "\udce9",
    }  # fmt: skip
    assert (tmp_path / "c/d/e/run").read_bytes() == b"2" * 700_000
    assert (tmp_path / "c/d/e/run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "c/out").readlink() == Path("/etc/passwd")
    assert (tmp_path / "c/d/link").lstat().st_mtime == (tmp_path / "c/a").stat().st_mtime == TIME


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        entry = tarfile.TarInfo("x")
        entry.name = name
        tar.addfile(entry)
    with pytest.raises(ValueError, match="leaves"):
        unpack_context(iter([made.getvalue()]), tmp_path / "c", Cancellation())
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["a", "a/b", "a/b/c", "./a/b"])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE])
def test_nothing_is_written_through_a_link_of_a_tree_that_git_would_not_make(
    tmp_path: Path, name: str, kind: bytes
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for path, of, target in (("a", tarfile.SYMTYPE, str(outside)), (name, kind, "x")):
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = of, target
            tar.addfile(entry)
    with pytest.raises(ValueError, match="symbolic link"):
        unpack_context(iter([made.getvalue()]), tmp_path / "c", Cancellation())
    assert list(outside.iterdir()) == []


def test_unpacking_can_be_stopped(tmp_path: Path) -> None:
    cancellation = Cancellation()

    def endless() -> Iterator[bytes]:
        tree = make_tree({str(number): (EntryKind.FILE, b"x") for number in range(1000)})
        cancellation.request()
        yield from archive_tree(tree, {"": "."}, commit_time=TIME)

    with pytest.raises(CancelledError):
        unpack_context(endless(), tmp_path / "c", cancellation)


def test_folders_of_the_dead_are_removed_and_of_the_living_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, recent, foreign, living = (
        tmp_path / f"{PREFIX}{rest}" for rest in (f"{ended.pid}-x", f"{ended.pid}-y", "other", "1-x")
    )
    for path in (dead, recent, foreign, living):
        (path / "context").mkdir(parents=True)
        if path != recent:
            os.utime(path, (TIME, TIME))
    with build_folder() as folder:
        assert {path for path in (dead, recent, foreign, living) if path.exists()} == {recent, foreign, living}
    assert not folder.exists()


@pytest.mark.parametrize("number", ["²", "9" * 30])
def test_foreign_folders_are_in_no_run_s_way(number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    strange = tmp_path / f"{PREFIX}{number}-x"
    strange.mkdir()
    os.utime(strange, (TIME, TIME))
    with build_folder() as folder:
        assert folder.exists()
