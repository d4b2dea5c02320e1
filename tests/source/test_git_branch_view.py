from __future__ import annotations

from pathlib import Path

import pytest

from previewer.domain.commit.revision import BranchView
from previewer.errors import NotFoundError, SourceError
from previewer.source.git import GitSource
from tests.source.repository import GitRepository


def look(repository: GitRepository, remote: str | None = None) -> BranchView:
    return GitSource(repository.path).branch_view(remote=remote, about=lambda _branch: True)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "origin")
    made.commit({"a": "1"})
    return made


def branch(repository: GitRepository, name: str) -> str:
    """A branch off main with a commit of its own."""
    repository.git("checkout", "--quiet", "-b", name, "main")
    made = repository.commit({"b": name})
    repository.git("checkout", "--quiet", "main")
    return made


def clone(repository: GitRepository, folder: Path, *options: str) -> GitRepository:
    repository.git("clone", "--quiet", *options, f"file://{repository.path}", str(folder))
    return GitRepository(folder)


def test_tips_and_the_default(repository: GitRepository) -> None:
    tip = branch(repository, "feature/x")
    found = look(repository)
    assert found.tips["feature/x"] == tip
    assert (found.default, found.known, found.is_complete) == ("main", frozenset({"main", "feature/x"}), True)


def test_a_merge_and_a_fast_forward_count_as_merged(repository: GitRepository) -> None:
    branch(repository, "forward")
    branch(repository, "open")
    repository.git("branch", "just-made")
    repository.git("merge", "--quiet", "--ff-only", "forward")
    repository.git("branch", "made-later")
    branch(repository, "merged")
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "merged")
    found = look(repository)
    assert found.merged == {"forward", "merged"}
    assert not found.is_merged("main")


def test_only_what_matters_is_looked_at(repository: GitRepository) -> None:
    branch(repository, "merged")
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "merged")
    assert GitSource(repository.path).branch_view(about=lambda name: name == "other").merged == frozenset()
    assert GitSource(repository.path).branch_view().merged == frozenset()


def test_a_branch_is_gone_when_neither_side_has_it(repository: GitRepository, tmp_path: Path) -> None:
    branch(repository, "feature/x")
    here = clone(repository, tmp_path / "clone")
    assert not look(here).is_gone("feature/x"), "the remote has it"
    repository.git("branch", "-D", "feature/x")
    assert not look(here).is_gone("feature/x"), "nothing was fetched since"
    GitSource(here.path).fetch("origin")
    assert look(here).is_gone("feature/x")


def test_a_remote_tip_that_is_ahead_is_not_merged(repository: GitRepository, tmp_path: Path) -> None:
    branch(repository, "feature/x")
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "feature/x")
    here = clone(repository, tmp_path / "clone")
    here.git("branch", "feature/x", "origin/feature/x")
    assert look(here).merged == {"feature/x"}
    repository.git("checkout", "--quiet", "feature/x")
    repository.commit({"b": "more"})
    GitSource(here.path).fetch("origin")
    assert look(here).merged == frozenset()


@pytest.mark.parametrize("options", [("--depth=1",), ("--single-branch",), ("--depth=1", "--no-single-branch")])
def test_a_clone_of_a_part_cannot_tell_until_it_has_fetched(
    options: tuple[str, ...], repository: GitRepository, tmp_path: Path
) -> None:
    tip = branch(repository, "feature/x")
    here = clone(repository, tmp_path / "clone", *options)
    assert not look(here).is_gone("feature/x")
    assert not look(here).is_gone("never-was")
    GitSource(here.path).fetch("origin")
    found = look(here, "origin")
    assert found.tips == {"main": repository.git("rev-parse", "main"), "feature/x": tip}
    assert found.is_gone("never-was")


def test_fetching_from_nowhere(repository: GitRepository, tmp_path: Path) -> None:
    source = GitSource(repository.path)
    with pytest.raises(NotFoundError, match="no such remote"):
        source.fetch("origin")
    repository.git("remote", "add", "origin", str(tmp_path / "nowhere"))
    with pytest.raises(SourceError, match="could not be fetched"):
        GitSource(repository.path).fetch("origin")


def test_the_stamp_changes_with_every_reference(repository: GitRepository) -> None:
    source = GitSource(repository.path)
    seen = [source.refs_fingerprint()]
    assert source.refs_fingerprint() == seen[0]
    for command in (
        ("branch", "new"),
        ("commit", "--quiet", "--allow-empty", "--message", "another"),
        ("branch", "--move", "new", "moved"),
        ("pack-refs", "--all"),
        ("branch", "--delete", "--force", "moved"),
    ):
        repository.git(*command)
        seen.append(source.refs_fingerprint())
    assert len(set(seen)) == len(seen)
    repository.git("update-ref", "refs/previewer/x", "HEAD")
    assert source.refs_fingerprint() == seen[-1], "our own references are no branches"


def test_a_squash_merge_is_known_by_its_patch(repository: GitRepository) -> None:
    for name in ("squashed", "changed-later", "half"):
        branch(repository, name)
        repository.git("checkout", "--quiet", name)
        repository.commit({"c": f"more of {name}"})
        repository.git("checkout", "--quiet", "main")
    for name in ("squashed", "changed-later"):
        repository.git("merge", "--quiet", "--squash", name)
        repository.commit(subject=f"all of {name}")
        repository.git("rm", "--quiet", "b", "c")
        repository.commit(subject="later")
    repository.git("checkout", "--quiet", "changed-later")
    repository.commit({"d": "after it was merged"})
    repository.git("checkout", "--quiet", "main")
    repository.git("cherry-pick", "half~1")
    assert look(repository).merged == {"squashed"}
