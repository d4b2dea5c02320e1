from __future__ import annotations

from collections.abc import Iterator

import pytest

from previewer.forge.comments import ForgeError, marker, post_comment
from previewer.forge.job import Job, Platform, find_job
from tests.forge.platform_server import BOT, PlatformServer, Reply, platform_server

OTHER_USER = {"login": "eve", "type": "User", "id": 6}
NAME = "shop-pull-7"


@pytest.fixture
def server() -> Iterator[PlatformServer]:
    with platform_server() as found:
        yield found


def github(server: PlatformServer, token: str = "ghs_job") -> dict[str, str]:
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "ada/shop",
        "GITHUB_API_URL": server.address,
        "GITHUB_TOKEN": token,
    }


def gitlab(server: PlatformServer) -> dict[str, str]:
    return {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_PROJECT_ID": "42",
        "CI_API_V4_URL": f"{server.address}",
        "GITLAB_TOKEN": "glpat",
    }


def post(environment: dict[str, str], text: str = "it is up") -> tuple[bool, list[float]]:
    pauses: list[float] = []
    posted = post_comment(find_job(environment), environment, NAME, text, pause=pauses.append)
    return posted.is_new, pauses


def test_a_comment_is_made_once_and_kept_up_to_date(server: PlatformServer) -> None:
    for number in range(250):
        server.add(f"a remark {number}", OTHER_USER)
    assert post(github(server)) == (True, [])
    assert post(github(server), "it is gone") == (False, [])
    (ours,) = (entry["body"] for entry in server.comments if entry["user"] == BOT)
    assert ours == f"{marker(NAME)}\nit is gone"
    assert server.headers[-1]["Authorization"] == "Bearer ghs_job"


def test_what_others_wrote_is_left_alone_even_with_the_mark(server: PlatformServer) -> None:
    theirs = f"{marker(NAME)}\nforged"
    server.add(theirs, OTHER_USER)
    server.add(f"see {marker(NAME)}")
    assert post(github(server))[0]
    assert server.comments[0]["body"] == theirs
    server.add(f"{marker(NAME)}\nmine", {"login": "ada", "type": "User", "id": 5})
    assert not post(github(server, "github_pat_of_ada"), "new")[0]
    assert server.comments[-1]["body"].endswith("new")


def test_gitlab_has_notes(server: PlatformServer) -> None:
    assert post(gitlab(server))[0]
    server.comments[0]["author"] = {"id": 5}
    assert not post(gitlab(server), "it is gone")[0]
    assert server.requests[-1] == "PUT /projects/42/merge_requests/7/notes/1"
    assert server.headers[-1]["Private-Token"] == "glpat"


@pytest.mark.parametrize(
    ("reply", "pause"),
    [
        ((502, {}, {}), 1.0),
        ((429, {"Retry-After": "3"}, {"message": "slow down"}), 3.0),
        ((403, {"Retry-After": "2"}, {"message": "You have exceeded a secondary rate limit"}), 2.0),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, {"message": "API rate limit"}), 1.0),
    ],
)
def test_an_overloaded_platform_is_asked_again(server: PlatformServer, reply: Reply, pause: float) -> None:
    server.before = [reply]
    assert post(github(server)) == (True, [pause])


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([(403, {}, {"message": "Resource not accessible by integration"})], "may not write one"),
        ([(401, {}, {"message": "Bad credentials"})], "GITHUB_TOKEN may not write one (Bad credentials)"),
        ([(404, {}, {"message": "Not Found"})], "may not write one"),
        ([(422, {}, {"message": "Validation Failed"})], "Validation Failed"),
        ([(302, {"Location": "http://127.0.0.1:1/"}, {})], "status 302"),
        ([(503, {}, {})] * 4, "it answered 503"),
        ([(429, {"Retry-After": "3600"}, {})], "asks to wait for 3600 seconds"),
    ],
)
def test_a_refusal_is_told_in_clear_words(server: PlatformServer, replies: list[Reply], words: str) -> None:
    server.before = list(replies)
    with pytest.raises(ForgeError) as caught:
        post(github(server))
    assert words in caught.value.message
    if "may not" in words:
        assert "pull-requests: write" in (caught.value.hint or "")


def test_a_platform_that_does_not_answer_is_given_up() -> None:
    environment = {**github(PlatformServer()), "GITHUB_API_URL": "http://127.0.0.1:1"}
    with pytest.raises(ForgeError, match="does not answer"):
        post(environment)


def test_without_a_token_or_a_pull_request_nothing_is_asked(server: PlatformServer) -> None:
    for environment, words in (
        ({**github(server), "GITHUB_TOKEN": ""}, "there is no token"),
        ({**github(server), "GITHUB_REF": "refs/heads/main"}, "not for a pull request"),
        ({"CI": "true"}, "no job of GitHub or GitLab"),
    ):
        with pytest.raises(ForgeError, match=words):
            post(environment)
    assert server.requests == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Job(Platform.NONE)),
        ({"CI": "false"}, Job(Platform.NONE)),
        (
            {"CI": "1", "BRANCH_NAME": "feature/a", "GIT_COMMIT": "c"},
            Job(Platform.GENERIC, branch="feature/a", commit="c"),
        ),
        ({"CI": "1", "BRANCH_NAME": "PR-7", "CHANGE_ID": "7"}, Job(Platform.GENERIC, request=7)),
        (
            {"CI": "1", "BUILDKITE_BRANCH": "b", "BUILDKITE_PULL_REQUEST": "false"},
            Job(Platform.GENERIC, branch="b"),
        ),
        (
            {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "b", "CI_COMMIT_SHA": "c", "CI_PROJECT_ID": "4"},
            Job(Platform.GITLAB, None, "b", "c", "4", "https://gitlab.com/api/v4"),
        ),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/a/b", "GITHUB_SHA": "c"},
            Job(Platform.GITHUB, None, "a/b", "c", "", "https://api.github.com"),
        ),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/tags/v1"},
            Job(Platform.GITHUB, api="https://api.github.com"),
        ),
    ],
)
def test_what_a_job_is_for(environment: dict[str, str], expected: Job) -> None:
    assert find_job(environment) == expected
