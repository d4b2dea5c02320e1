"""Which branch decides on trust: never the one under preview, whatever a checkout calls it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from previewer.source.git import GitSource
from tests.source.repository import GitRepository

Checkout = Callable[[Path, Path], GitRepository]
"""Makes a checkout in a folder, of the repository in another, as CI does."""
FETCH_ALL = "+refs/heads/*:refs/remotes/origin/*"
NO_VARIABLES: Mapping[str, str] = {}


@pytest.fixture
def remote(tmp_path: Path) -> GitRepository:
    """``main``, ``feature`` and a pull request, each a commit of its own."""
    made = GitRepository(tmp_path / "remote")
    made.commit({"a": "main"}, subject="main")
    made.git("checkout", "--quiet", "-b", "feature")
    made.commit({"a": "feature"}, subject="feature")
    made.git("update-ref", "refs/pull/7/merge", "HEAD")
    made.git("checkout", "--quiet", "main")
    return made


def fetched(*refspecs: str, then: tuple[tuple[str, ...], ...], remote_name: str = "origin") -> Checkout:
    """A checkout that begins with ``git init`` and fetches ``refspecs``."""

    def make(folder: Path, url: Path) -> GitRepository:
        made = GitRepository(folder)
        made.git("remote", "add", remote_name, str(url))
        made.git("fetch", "--quiet", "--no-tags", remote_name, *refspecs)
        for command in then:
            made.git(*command)
        return made

    return make


def cloned(*options: str, then: tuple[tuple[str, ...], ...] = ()) -> Checkout:
    """A checkout by ``git clone``."""

    def make(folder: Path, url: Path) -> GitRepository:
        made = GitRepository(folder.with_name("starting-point"))
        made.git("clone", "--quiet", *options, f"file://{url}", str(folder))
        made.path = folder
        for command in then:
            made.git(*command)
        return made

    return make


def without_remote(*commands: tuple[str, ...]) -> Checkout:
    """A fetch by URL, with no remote."""

    def make(folder: Path, url: Path) -> GitRepository:
        made = GitRepository(folder)
        made.git("fetch", "--quiet", str(url), "feature")
        for command in commands:
            made.git(*command)
        return made

    return make


FEATURE_AS_MAIN = ("checkout", "--quiet", "-B", "main", "refs/remotes/origin/feature")
PULL_REQUEST = ("+refs/pull/7/merge:refs/remotes/pull/7/merge",)
DETACH = ("checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge")
ONLY_FEATURE = ("--branch", "feature", "--single-branch", "--depth", "1")


@pytest.mark.parametrize(
    ("checkout", "variables", "trusted"),
    [
        pytest.param(
            fetched(FETCH_ALL, then=(("checkout", "--quiet", "-B", "feature", "refs/remotes/origin/feature"),)),
            NO_VARIABLES,
            "main",
            id="everything is fetched, a feature is checked out",
        ),
        pytest.param(fetched(FETCH_ALL, then=(FEATURE_AS_MAIN,)), NO_VARIABLES, "main", id="called main"),
        pytest.param(fetched(*PULL_REQUEST, then=(DETACH,)), NO_VARIABLES, None, id="a fork's pull request only"),
        pytest.param(
            fetched(*PULL_REQUEST, then=(DETACH, ("checkout", "--quiet", "-B", "main"))),
            NO_VARIABLES,
            None,
            id="a pull request that is called main",
        ),
        pytest.param(
            fetched(*PULL_REQUEST, then=(DETACH, ("branch", "origin/main"))), NO_VARIABLES, None, id="origin/main"
        ),
        pytest.param(
            fetched(*PULL_REQUEST, then=(DETACH, ("branch", "refs/remotes/origin/main"))),
            NO_VARIABLES,
            None,
            id="a branch named like the remote's reference",
        ),
        pytest.param(
            fetched(*PULL_REQUEST, then=(DETACH, ("tag", "main"), ("tag", "refs/remotes/origin/main"))),
            NO_VARIABLES,
            None,
            id="tags named main",
        ),
        pytest.param(
            fetched(
                "+refs/heads/feature:refs/remotes/origin/HEAD",
                then=(("checkout", "--quiet", "--detach", "refs/remotes/origin/HEAD"),),
            ),
            NO_VARIABLES,
            None,
            id="a branch that is called HEAD",
        ),
        pytest.param(
            fetched(
                FETCH_ALL,
                then=(
                    ("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone"),
                    ("checkout", "--quiet", "-B", "gone", "refs/remotes/origin/feature"),
                ),
            ),
            NO_VARIABLES,
            None,
            id="origin/HEAD is stale",
        ),
        pytest.param(
            fetched(
                FETCH_ALL,
                then=(
                    ("checkout", "--quiet", "-B", "feature", "refs/remotes/origin/feature"),
                    ("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/feature"),
                ),
            ),
            NO_VARIABLES,
            None,
            id="origin/HEAD is a local branch",
        ),
        pytest.param(cloned(*ONLY_FEATURE), NO_VARIABLES, None, id="one branch, shallow"),
        pytest.param(
            cloned(*ONLY_FEATURE, then=(("remote", "remove", "origin"),)),
            NO_VARIABLES,
            None,
            id="forgets its remote",
        ),
        pytest.param(cloned("--branch", "feature"), NO_VARIABLES, "main", id="a clone"),
        pytest.param(cloned("--bare"), NO_VARIABLES, "main", id="a bare clone"),
        pytest.param(cloned("--mirror"), NO_VARIABLES, "main", id="a mirror"),
        pytest.param(
            fetched(
                "+refs/heads/*:refs/remotes/upstream/*",
                then=(("checkout", "--quiet", "-B", "main", "refs/remotes/upstream/feature"),),
                remote_name="upstream",
            ),
            NO_VARIABLES,
            "main",
            id="the remote is called upstream",
        ),
        pytest.param(
            without_remote(("checkout", "--quiet", "-B", "main", "FETCH_HEAD")), NO_VARIABLES, None, id="by URL"
        ),
        pytest.param(
            without_remote(("checkout", "--quiet", "-B", "only", "FETCH_HEAD")),
            NO_VARIABLES,
            None,
            id="by URL, under another name",
        ),
        pytest.param(
            fetched(FETCH_ALL, then=(FEATURE_AS_MAIN, ("config", "previewer.defaultBranch", "feature"))),
            NO_VARIABLES,
            "feature",
            id="the setting decides",
        ),
        pytest.param(
            fetched(FETCH_ALL, then=(FEATURE_AS_MAIN, ("config", "previewer.defaultBranch", "gone"))),
            NO_VARIABLES,
            None,
            id="the setting names what is not here",
        ),
        pytest.param(
            fetched(
                FETCH_ALL,
                then=(
                    FEATURE_AS_MAIN,
                    ("config", "--file", "in-tree", "previewer.defaultBranch", "feature"),
                    ("config", "include.path", "../in-tree"),
                ),
            ),
            NO_VARIABLES,
            "main",
            id="a setting that is included from the working tree",
        ),
        pytest.param(
            fetched(FETCH_ALL, then=(FEATURE_AS_MAIN,)),
            {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "feature"},
            "feature",
            id="GitLab says it",
        ),
        pytest.param(
            fetched(FETCH_ALL, then=(FEATURE_AS_MAIN,)),
            {
                "CI": "true",
                "GITHUB_BASE_REF": "feature",
                "CI_COMMIT_BRANCH": "feature",
                "CHANGE_TARGET": "feature",
            },
            "main",
            id="what a pull request's author chooses",
        ),
        pytest.param(
            fetched(*PULL_REQUEST, then=(DETACH, ("checkout", "--quiet", "-B", "main"))),
            {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main"},
            None,
            id="CI names what was not fetched",
        ),
    ],
)
def test_the_trusted_commit_is_never_that_of_the_branch_under_preview(
    remote: GitRepository, tmp_path: Path, checkout: Checkout, variables: Mapping[str, str], trusted: str | None
) -> None:
    made = checkout(tmp_path / "checkout", remote.path)
    source = GitSource(made.path, environment=variables)
    try:
        found = source.default_branch()
        assert found.commit == (remote.git("rev-parse", f"refs/heads/{trusted}") if trusted else None)
        assert found.reason
        assert bool(found.hint) is (trusted is None)
        assert source.installation, "who the repository is does not depend on trust"
    finally:
        source.close()


@pytest.mark.parametrize(
    ("address", "event_address", "trusted"),
    [
        ("https://git.example.org/shop/web.git", "https://git.example.org/shop/web", "feature"),
        ("git@git.example.org:shop/web.git", "https://git.example.org/shop/web.git", "feature"),
        ("https://git.example.org/other/web.git", "https://git.example.org/shop/web", "main"),
    ],
)
def test_an_event_of_another_repository_says_nothing_about_this_one(
    remote: GitRepository, tmp_path: Path, address: str, event_address: str, trusted: str
) -> None:
    made = fetched(FETCH_ALL, then=())(tmp_path / "checkout", remote.path)
    made.git("remote", "set-url", "origin", address)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "feature", "clone_url": event_address}}))
    source = GitSource(made.path, environment={"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event)})
    assert source.default_branch().name == trusted


def test_a_branch_holds_what_its_remote_has_not_what_a_checkout_calls_so(
    remote: GitRepository, tmp_path: Path
) -> None:
    made = fetched(FETCH_ALL, then=(FEATURE_AS_MAIN,))(tmp_path / "checkout", remote.path)
    source = GitSource(made.path)
    try:
        assert source.resolve("main").branch == "main"
        disguised = source.resolve("main").commit.id
        assert not source.is_on_branch(disguised, "main")
        assert source.is_on_branch(disguised, "feature")
        assert source.is_on_branch(remote.git("rev-parse", "main"), "main")
    finally:
        source.close()


def test_without_a_remote_the_only_branch_is_the_default_one(tmp_path: Path) -> None:
    made = GitRepository(tmp_path / "shop")
    made.git("checkout", "--quiet", "-b", "trunk")
    made.commit()
    assert GitSource(made.path).default_branch().name == "trunk"
    made.git("checkout", "--quiet", "-b", "feature")
    assert GitSource(made.path).default_branch().commit is None


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("refs/remotes/pull/7/merge", "pull-7"),
        ("refs/pull/12/head", "pull-12"),
        ("refs/merge-requests/3/head", "merge-request-3"),
    ],
)
def test_a_detached_head_is_called_by_its_pull_request(
    repository: GitRepository, reference: str, name: str
) -> None:
    repository.git("update-ref", reference, "HEAD")
    repository.git("checkout", "--quiet", "--detach")
    source = GitSource(repository.path)
    try:
        for text in ("HEAD", reference):
            found = source.resolve(text)
            assert (found.branch, found.pull_request) == (None, name)
    finally:
        source.close()


@pytest.mark.parametrize(
    ("said", "branch", "request_title"),
    [
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/feature/x", "GITHUB_SHA": ""}, "feature/x", None),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": ""}, None, "pull-7"),
        ({"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "3", "CI_COMMIT_SHA": ""}, None, "merge-request-3"),
        ({"CI": "1", "BRANCH_NAME": "main", "GIT_COMMIT": "0" * 40}, None, None),  # it checked out another commit
    ],
)
def test_a_detached_head_is_called_by_what_ci_checked_out(
    repository: GitRepository, said: dict[str, str], branch: str | None, request_title: str | None
) -> None:
    commit = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "--quiet", "--detach")
    source = GitSource(repository.path, environment={name: value or commit for name, value in said.items()})
    try:
        found = source.resolve("HEAD")
        assert (found.branch, found.pull_request) == (branch, request_title)
        assert source.resolve(commit).branch is None, "only what is checked out"
    finally:
        source.close()
