"""The git source on real repositories of every shape: what they are, and whose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from previewer.errors import NotFoundError, SourceError
from previewer.source.git import GitSource
from tests.source.repository import GitRepository, Opener


@pytest.mark.parametrize(
    "options", [(), ("--bare",), ("--object-format=sha256",)], ids=["plain", "bare", "sha256"]
)
def test_an_empty_repository_says_so(tmp_path: Path, open_source: Opener, options: tuple[str, ...]) -> None:
    made = GitRepository(tmp_path / "empty", *options)
    source = open_source(made.path)
    assert (source.branches(), source.default_branch().commit) == ((), None)
    for attempt in (lambda: source.resolve("HEAD"), lambda: source.installation):
        with pytest.raises((NotFoundError, SourceError), match="no commits"):
            attempt()


def test_repositories_of_every_shape_give_the_same_files(
    repository: GitRepository, tmp_path: Path, open_source: Opener
) -> None:
    commit = repository.commit({"sub/b.txt": "b"})
    repository.git("worktree", "add", "--quiet", str(tmp_path / "worktree"), "-b", "other")
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(tmp_path / "bare.git"))
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.path}", str(tmp_path / "shallow"))
    for path in (repository.path / "sub", tmp_path / "worktree", tmp_path / "bare.git", tmp_path / "shallow"):
        source = open_source(path)
        assert source.resolve("HEAD").commit.id == commit
        assert {entry.path for entry in source.tree(commit)} == {"a.txt", "sub/b.txt"}
        assert source.commits("HEAD", limit=10)[0].id == commit
    assert open_source(repository.path / "sub").location == str(repository.path)
    assert open_source(tmp_path / "worktree").resolve("HEAD").branch == "other"
    assert open_source(tmp_path / "worktree").project == open_source(repository.path).project
    for path in (repository.path, repository.path / "sub", tmp_path / "worktree"):
        assert open_source(path).shared_folder == str(repository.path / ".git")
    assert open_source(tmp_path / "bare.git").shared_folder == str(tmp_path / "bare.git")
    assert open_source(tmp_path / "worktree").location == str(tmp_path / "worktree")


def test_a_shallow_clone_says_that_it_is_one(
    repository: GitRepository, tmp_path: Path, open_source: Opener
) -> None:
    repository.commit({"b.txt": "b"})
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.path}", str(tmp_path / "shallow"))
    with pytest.raises(NotFoundError, match="shallow") as failure:
        open_source(tmp_path / "shallow").resolve("HEAD~1")
    assert "--unshallow" in (failure.value.hint or "")


def test_sha256_repositories(tmp_path: Path, open_source: Opener) -> None:
    made = GitRepository(tmp_path / "new", "--object-format=sha256")
    commit = made.commit({"a": "a"})
    source = open_source(made.path)
    assert len(commit) == 64
    assert source.resolve(commit).commit.id == commit
    assert source.tree(commit).read("a") == b"a"


def test_variables_that_git_sets_in_hooks_do_not_redirect(
    repository: GitRepository, tmp_path: Path, open_source: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = GitRepository(tmp_path / "other")
    other.commit({"evil": "x"}, subject="other")
    for name, value in {
        "GIT_DIR": other.path / ".git",
        "GIT_WORK_TREE": other.path,
        "GIT_INDEX_FILE": tmp_path / "index",
        "GIT_OBJECT_DIRECTORY": other.path / ".git/objects",
    }.items():
        monkeypatch.setenv(name, str(value))
    source = open_source(repository.path)
    assert source.location == str(repository.path)
    assert [branch.subject for branch in source.branches()] == ["first"]
    assert not (tmp_path / "index").exists()


def test_folders_without_a_repository_are_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not a git repository") as caught:
        GitSource(tmp_path)
    assert caught.value.hint
    with pytest.raises(SourceError, match="no such folder"):
        GitSource(tmp_path / "nowhere")


def test_a_repository_of_another_user_is_refused_with_the_way_out(repository: GitRepository) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    os.chown(repository.path, 12345, 12345)
    with pytest.raises(SourceError) as caught:
        GitSource(repository.path)
    assert "safe.directory" in (caught.value.hint or "")


def test_clones_are_one_installation_and_other_repositories_are_not(
    repository: GitRepository, tmp_path: Path, open_source: Opener
) -> None:
    repository.git("clone", "--quiet", str(repository.path), str(tmp_path / "clone"))
    one, two = open_source(repository.path), open_source(tmp_path / "clone")
    assert one.installation == two.installation
    assert len(one.installation) == 16
    made = GitRepository(tmp_path / "third")
    made.commit({"x": "x"})
    assert open_source(made.path).installation != one.installation


def test_the_installation_and_the_project_follow_the_origin(
    repository: GitRepository, open_source: Opener
) -> None:
    assert open_source(repository.path).project.startswith("my-shop")
    found = set()
    for url in (
        "git@Example.org:team/Web.git",
        "https://user:token@example.org/team/Web/",
        "ssh://git@example.org:22/team/Web",
    ):
        repository.git("config", "remote.origin.url", url)
        source = open_source(repository.path)
        found.add((source.installation, source.project))
    assert len(found) == 1
    repository.git("config", "previewer.installation", "0123456789abcdef")
    assert open_source(repository.path).installation == "0123456789abcdef"


def test_the_actor_is_git_s_user_at_this_machine(repository: GitRepository, open_source: Opener) -> None:
    repository.git("config", "user.name", "Ada")
    assert open_source(repository.path).actor.startswith("Ada@")


def test_uncommitted_changes_are_counted_where_the_commit_is_checked_out(
    repository: GitRepository, open_source: Opener, tmp_path: Path
) -> None:
    source, head = open_source(repository.path), repository.git("rev-parse", "HEAD")
    assert source.count_uncommitted(head) == 0
    (repository.path / "a.txt").write_text("dirty")
    (repository.path / "new").write_text("never added")
    index = (repository.path / ".git/index").stat().st_mtime_ns
    assert source.count_uncommitted(head) == 2
    assert source.count_uncommitted("1" * 40) == 0
    assert (repository.path / ".git/index").stat().st_mtime_ns == index
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(tmp_path / "bare.git"))
    assert open_source(tmp_path / "bare.git").count_uncommitted(head) == 0


def test_nothing_is_written_and_no_hook_runs(repository: GitRepository, open_source: Opener) -> None:
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        file = repository.path / ".git/hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch {repository.path}/ran\n")
        file.chmod(0o755)
    (repository.path / "a.txt").write_text("dirty")
    index = (repository.path / ".git/index").stat().st_mtime_ns
    source = open_source(repository.path)
    source.branches(remote=True)
    assert source.tree(source.resolve("HEAD").commit.id).read("a.txt") == b"one"
    assert (repository.path / ".git/index").stat().st_mtime_ns == index
    assert not (repository.path / "ran").exists()
