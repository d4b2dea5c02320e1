"""What git complains of is told as what it is, with a hint that helps."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

import pytest

from previewer.errors import NoRepositoryError, SourceError
from previewer.git.command import git_version
from previewer.git.complaint import MINIMUM_VERSION, full_disk_hint, refuse_unusable
from previewer.source.git import GitSource
from tests.source.repository import GitRepository, Opener

DUBIOUS = """fatal: detected dubious ownership in repository at '/src/my shop'
To add an exception for this directory, call:

\tgit config --global --add safe.directory '/src/my shop'
"""


def test_the_folder_to_trust_is_the_one_that_git_names(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="another user owns it") as caught:
        refuse_unusable(DUBIOUS, str(tmp_path))
    hint = caught.value.hint or ""
    assert "git config --global --add safe.directory '/src/my shop';" in hint
    assert "GIT_CONFIG_VALUE_0='/src/my shop'" in hint


@pytest.mark.parametrize(
    ("complaint", "error", "message"),
    [
        ("fatal: not a git repository (or any of the parent directories): .git", NoRepositoryError, "not a git"),
        ("fatal: cannot use bare repository '/x' (safe.bareRepository is 'explicit')", NoRepositoryError, "bare"),
        ("fatal: cannot change to 'x': No such file or directory", NoRepositoryError, "no such folder"),
        ("fatal: could not fetch ab from promisor remote", SourceError, "partial clone"),
    ],
)
def test_a_repository_that_cannot_be_used(complaint: str, error: type[SourceError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        refuse_unusable(f"warning: something else\n{complaint}\n", "/shop")
    assert caught.value.hint or message == "no such folder"


def test_any_other_complaint_is_not_about_the_repository() -> None:
    refuse_unusable("fatal: ambiguous argument 'x'", "/shop")


def test_a_worktree_whose_repository_is_elsewhere_says_what_to_mount(
    repository: GitRepository, tmp_path: Path
) -> None:
    repository.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "linked")
    shutil.move(repository.path, tmp_path / "moved")
    with pytest.raises(NoRepositoryError, match="belongs to a repository that is not here") as caught:
        GitSource(tmp_path / "linked")
    assert f"mount {repository.path}/.git at the same path" in (caught.value.hint or "")


def test_a_partial_clone_whose_remote_is_gone_says_so(
    repository: GitRepository, tmp_path: Path, open_source: Opener
) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    options = ("--quiet", "--no-checkout", "--filter=blob:none")
    repository.git("clone", *options, f"file://{repository.path}", str(tmp_path / "partial"))
    shutil.move(repository.path, tmp_path / "gone")
    source = open_source(tmp_path / "partial")
    tree = source.tree(source.resolve("main").commit.id)
    assert tree.is_file("a.txt"), "names are here"
    for _time in range(2):
        with pytest.raises(SourceError, match="its remote does not answer"):
            tree.read("a.txt")


@pytest.mark.parametrize("text", [":/first", ":/the second", "HEAD^{/first}"])
def test_a_commit_is_found_by_its_subject(repository: GitRepository, open_source: Opener, text: str) -> None:
    repository.commit(subject="the second one")
    found = open_source(repository.path).resolve(text)
    assert text.removeprefix("HEAD^{").strip(":/}") in found.commit.subject
    assert found.branch is None


def test_a_bare_repository_that_is_named_is_read_where_git_finds_none_by_itself(
    repository: GitRepository, tmp_path: Path, open_source: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(tmp_path / "shop.git"))
    (tmp_path / "gitconfig").write_text("[safe]\n\tbareRepository = explicit\n")
    source = open_source(tmp_path / "shop.git")
    assert source.resolve("main").commit.subject == "first"
    assert source.location == str(tmp_path / "shop.git")
    monkeypatch.chdir(tmp_path / "shop.git")
    with pytest.raises(NoRepositoryError, match="cannot use bare repository"):
        GitSource(".")


def test_who_owns_what_git_may_not_write_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from previewer.git.complaint import writing_hint

    (tmp_path / "objects").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "objects")
    hint = writing_hint("error: insufficient permission for adding an object to .git/objects", tmp_path) or ""
    assert hint.startswith(f"{tmp_path}/objects belongs to {pwd.getpwuid(os.geteuid()).pw_name}")
    assert hint.endswith(f"sudo chown -R {pwd.getpwuid(os.geteuid()).pw_name} {tmp_path}")
    assert full_disk_hint("insufficient permission") is None


def test_this_git_is_new_enough() -> None:
    assert git_version() >= MINIMUM_VERSION


def test_the_docs_name_the_git_that_is_needed() -> None:
    page = (Path(__file__).parents[2] / "docs" / "getting-started.md").read_text()
    assert f"git {'.'.join(map(str, MINIMUM_VERSION))}" in page
