"""The git source on real repositories of every shape."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from previewer.domain.file_tree import EntryKind
from previewer.errors import NotFoundError, SourceError
from previewer.source.git import GitSource
from previewer.source.git_objects import FEW
from tests.source.repository import GitRepository

Opener = Callable[[Path], GitSource]


@pytest.fixture(autouse=True)
def own_git_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The machine's settings decide nothing here."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """One commit on ``main``."""
    made = GitRepository(tmp_path / "My Shop")
    made.commit({"a.txt": "one"}, subject="first")
    return made


@pytest.fixture
def open_source() -> Iterator[Opener]:
    """Opens sources and closes them at the end."""
    opened: list[GitSource] = []

    def open_it(path: Path) -> GitSource:
        opened.append(GitSource(path))
        return opened[-1]

    yield open_it
    for source in opened:
        source.close()


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
    for _question in range(FEW + 1):
        assert tree.read("f1") == b"content 1\n"  # the process is there before anybody kills it
    wrong: list[str] = []

    def read_all() -> None:
        wrong.extend(name for name, text in names.items() if tree.read(name) != text.encode())

    threads = [threading.Thread(target=read_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    process = source._objects._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert wrong == []
    assert source._objects._process is not None


@pytest.mark.parametrize(
    "options", [(), ("--bare",), ("--object-format=sha256",)], ids=["plain", "bare", "sha256"]
)
def test_an_empty_repository_says_so(tmp_path: Path, open_source: Opener, options: tuple[str, ...]) -> None:
    made = GitRepository(tmp_path / "empty", *options)
    source = open_source(made.path)
    assert (source.branches(), source.default_branch()) == ((), None)
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


def test_replaced_objects_are_read_as_they_were(repository: GitRepository, open_source: Opener) -> None:
    first = repository.git("rev-parse", "HEAD")
    second = repository.commit({"a.txt": "forged"})
    repository.git("replace", first, second)
    assert open_source(repository.path).tree(first).read("a.txt") == b"one"


def test_folders_without_a_repository_are_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not a git repository") as caught:
        GitSource(tmp_path)
    assert caught.value.hint
    with pytest.raises(SourceError, match="no such folder"):
        GitSource(tmp_path / "nowhere")


def test_a_repository_of_somebody_else_is_refused_with_the_way_out(repository: GitRepository) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to somebody else")
    os.chown(repository.path, 12345, 12345)
    with pytest.raises(SourceError) as caught:
        GitSource(repository.path)
    assert "safe.directory" in (caught.value.hint or "")


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
    assert open_source(made.path).default_branch() == expected


def test_the_remote_s_own_default_branch_comes_first(repository: GitRepository, open_source: Opener) -> None:
    repository.git("update-ref", "refs/remotes/origin/develop", "HEAD")
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
    assert open_source(repository.path).default_branch() == "develop"


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
