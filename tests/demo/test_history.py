"""The sample repository: the same each time, and with everything in it that the demo promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.history import DEFAULT_BASE, HOSTILE_SUBJECT, git, write_history

BRANCHES = {
    "main",
    "feature/dark-theme",
    "feature/guest-count",
    "feature-a",
    "feature/a",
    "fix/hostile-subject",
    "fix/store-port",
    "release/1.1",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history") / "guestbook"
    write_history(folder)
    return folder


def references(folder: Path) -> str:
    return git(folder, "for-each-ref", "--format=%(objectname) %(refname)")


def test_it_has_the_same_ids_each_time(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "another user")
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    write_history(tmp_path / "again")
    assert references(tmp_path / "again") == references(repository)


def test_another_base_image_is_another_history(repository: Path, tmp_path: Path) -> None:
    write_history(tmp_path / "other", base_image="example/python:local")
    assert references(tmp_path / "other") != references(repository)
    for service in ("web", "api", "store"):
        dockerfile = git(tmp_path / "other", "show", f"v1.0.0:services/{service}/Dockerfile")
        assert dockerfile.startswith("FROM example/python:local\n")
        assert DEFAULT_BASE not in dockerfile


def test_it_has_the_branches_and_tags(repository: Path) -> None:
    assert set(git(repository, "branch", "--format=%(refname:short)").split()) == BRANCHES
    assert git(repository, "tag").split() == ["v1.0.0", "v1.1.0"]
    assert git(repository, "status", "--porcelain") == ""
    git(repository, "fsck", "--strict")


def test_every_commit_has_all_that_its_compose_file_builds(repository: Path) -> None:
    for commit in git(repository, "rev-list", "--all").split():
        files = set(git(repository, "ls-tree", "-r", "--name-only", commit).split())
        for service in ("web", "api", "store"):
            expected = {"Dockerfile", f"{service}.py", "service.py", "check.py"}
            assert {f"services/{service}/{name}" for name in expected} <= files, commit


@pytest.mark.parametrize(
    ("branch", "changed"),
    [
        ("feature/dark-theme", {"services/web/theme.css", "services/web/site.json"}),
        ("feature/guest-count", {"services/api/views.py"}),
        ("feature-a", {"services/web/site.json"}),
        ("feature/a", {"services/web/site.json"}),
        ("fix/hostile-subject", {"services/web/site.json"}),
        ("fix/store-port", {"services/store/Dockerfile"}),
    ],
)
def test_a_branch_differs_where_it_says(repository: Path, branch: str, changed: set[str]) -> None:
    assert set(git(repository, "diff", "--name-only", "main", branch).split()) == changed


def test_the_hostile_subject_arrives_as_it_is(repository: Path) -> None:
    assert git(repository, "log", "-1", "--format=%s", "fix/hostile-subject") == f"{HOSTILE_SUBJECT}\n"


def test_the_dates_span_several_weeks(repository: Path) -> None:
    dates = [int(line) for line in git(repository, "log", "--all", "--format=%ct").split()]
    assert max(dates) - min(dates) >= 4 * 7 * 24 * 3600
