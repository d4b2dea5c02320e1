"""The git source's branches, and every way to name a commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from previewer.errors import NotFoundError
from tests.source.repository import GitRepository, Opener


def test_branches_come_newest_first_with_what_a_list_shows(repository: GitRepository, open_source: Opener) -> None:
    repository.git("checkout", "--quiet", "-b", "feature/{red}]")
    tip = repository.commit({"a.txt": "two"}, subject="[WIP] \x1b[31mfix\x1b[0m 🎉")
    branches = open_source(repository.path).branches()
    assert [(b.name, b.is_current, b.is_remote) for b in branches] == [
        ("feature/{red}]", True, False),
        ("main", False, False),
    ]
    assert (branches[0].commit, branches[0].author) == (tip, "Ada")
    assert branches[0].subject == "[WIP] \x1b[31mfix\x1b[0m 🎉"
    assert branches[0].committed_at.tzinfo is not None


def test_remote_branches_ahead_and_behind(repository: GitRepository, tmp_path: Path, open_source: Opener) -> None:
    clone = GitRepository(tmp_path / "clone")
    clone.git("remote", "add", "origin", str(repository.path))
    clone.git("fetch", "--quiet", "origin")
    clone.git("checkout", "--quiet", "-B", "main", "origin/main")
    clone.git("remote", "set-head", "origin", "main")
    clone.commit({"b": "b"})
    source = open_source(clone.path)
    local, remote = source.branches(remote=True)
    assert (local.name, local.ahead, local.behind) == ("main", 1, 0)
    assert (remote.name, remote.is_remote, remote.ahead) == ("origin/main", True, None)
    assert [b.name for b in source.branches()] == ["main"]


def test_a_broken_reference_hides_no_other_branch(repository: GitRepository, open_source: Opener) -> None:
    heads = repository.path / ".git/refs/heads"
    (heads / "missing").write_text("1" * 40 + "\n")
    (heads / "garbage").write_text("nonsense\n")
    assert [branch.name for branch in open_source(repository.path).branches()] == ["main"]


def test_text_that_is_not_utf_8_is_shown_and_names_still_resolve(
    repository: GitRepository, open_source: Opener
) -> None:
    name = os.fsdecode(b"caf\xe9")
    made = repository.git("commit-tree", "HEAD^{tree}", "-F", "-", input_text="plain")
    repository.git("update-ref", f"refs/heads/{name}", made)
    raw = subprocess.run(
        ["git", "-C", repository.path, "cat-file", "commit", made], check=True, capture_output=True
    ).stdout
    broken = (
        subprocess.run(
            ["git", "-C", repository.path, "hash-object", "-t", "commit", "-w", "--stdin"],
            check=True,
            input=raw.replace(b"plain", b"subj\xe9ct"),
            capture_output=True,
        )
        .stdout.decode()
        .strip()
    )
    repository.git("update-ref", "refs/heads/broken", broken)
    source = open_source(repository.path)
    found = {branch.name: branch for branch in source.branches()}
    assert found["broken"].subject == "subj\ufffdct"
    assert source.resolve(name).commit.id == made
    assert source.resolve(name).branch == name


def test_every_way_to_name_a_commit(repository: GitRepository, open_source: Opener) -> None:
    first = repository.git("rev-parse", "HEAD")
    second = repository.commit({"a.txt": "two"})
    repository.git("tag", "-a", "v1", "-m", "annotated", first)
    repository.git("tag", "main-was", first)
    repository.git("update-ref", "refs/pull/7/head", first)
    repository.git("update-ref", "refs/remotes/origin/feature/x", first)
    repository.git("remote", "add", "origin", "https://example.org/shop.git")
    source = open_source(repository.path)
    expected = {
        "main": (second, "main"),
        "refs/heads/main": (second, "main"),
        "heads/main": (second, "main"),
        "HEAD": (second, "main"),
        "@": (second, "main"),
        "HEAD~1": (first, None),
        "main^": (first, None),
        "v1": (first, None),
        "main-was": (first, None),
        "refs/pull/7/head": (first, None),
        first: (first, None),
        first[:8]: (first, None),
        "feature/x": (first, "feature/x"),
        "origin/feature/x": (first, "feature/x"),
    }
    assert {text: (r.commit.id, r.branch) for text in expected for r in [source.resolve(text)]} == expected


def test_a_branch_wins_over_a_tag_of_its_name(repository: GitRepository, open_source: Opener) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.git("tag", "main", first)
    second = repository.commit()
    resolved = open_source(repository.path).resolve("main")
    assert (resolved.commit.id, resolved.branch) == (second, "main")


def test_a_detached_head_is_no_branch(repository: GitRepository, open_source: Opener) -> None:
    repository.git("checkout", "--quiet", "--detach")
    assert open_source(repository.path).resolve("HEAD").branch is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-h",
        "--help",
        "--all",
        "--upload-pack=touch x",
        "a\nb",
        "a\0b",
        "main\nHEAD",
        "no/such",
        "HEAD~99",
        "main..main",
        "^main",
        "HEAD:a.txt",
        "HEAD^{tree}",
        "\x1b[31m",
        "refs/heads/",
        "deadbeef",
        "x" * 5000,
    ],
)
def test_what_names_no_commit_is_not_found(repository: GitRepository, open_source: Opener, text: str) -> None:
    with pytest.raises(NotFoundError):
        open_source(repository.path).resolve(text)


def test_the_nearest_name_is_suggested(repository: GitRepository, open_source: Opener) -> None:
    repository.git("branch", "feature/dark-theme")
    with pytest.raises(NotFoundError) as caught:
        open_source(repository.path).resolve("feature/drak-theme")
    assert caught.value.hint == "did you mean feature/dark-theme?"


def test_commits_are_listed_newest_first(repository: GitRepository, open_source: Opener) -> None:
    ids = [repository.git("rev-parse", "HEAD"), *(repository.commit(subject=f"s{n}") for n in range(3))]
    found = open_source(repository.path).commits("main", limit=3)
    assert [commit.id for commit in found] == ids[:0:-1]
    assert [commit.subject for commit in found] == ["s2", "s1", "s0"]
    assert found[0] == open_source(repository.path).resolve("main").commit


@pytest.mark.parametrize(
    ("setting", "branches", "expected"),
    [
        (None, ["main", "x"], "main"),
        (None, ["master", "x"], "master"),
        ("trunk", ["trunk", "main"], "trunk"),
        ("gone", ["main"], "main"),
        (None, ["only"], "only"),
    ],
)
def test_the_default_branch(
    tmp_path: Path, open_source: Opener, setting: str | None, branches: list[str], expected: str
) -> None:
    made = GitRepository(tmp_path / "shop")
    made.git("checkout", "--quiet", "-b", branches[0])
    made.commit()
    for name in branches[1:]:
        made.git("branch", name)
    if setting:
        made.git("config", "init.defaultBranch", setting)
    assert open_source(made.path).default_branch().name == expected


def test_the_remote_s_own_default_branch_comes_first(repository: GitRepository, open_source: Opener) -> None:
    repository.git("update-ref", "refs/remotes/origin/develop", "HEAD")
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
    assert open_source(repository.path).default_branch().name == "develop"
