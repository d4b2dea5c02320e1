"""What a CI system's own variables say of the job that this process is part of.

Names out of them are for names only. Whom to trust follows from what a branch really holds, see
:mod:`previewer.source.trusted_branches`: the author of a pull request chooses what its branch is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct


class Platform(Enum):
    """A kind of CI system, by what it reads from a job's output."""

    GITHUB = "github"
    """GitHub Actions, and those of Gitea and Forgejo, which read the same."""
    GITLAB = "gitlab"
    GENERIC = "generic"
    NONE = "none"


class Job(Struct, frozen=True):
    """One job."""

    platform: Platform
    request: int | None = None
    """The pull or merge request that it is for."""
    branch: str | None = None
    """The branch that it is for; ``None`` for a pull request's, and for a tag's."""
    commit: str = ""
    """The full id of the commit that it checked out."""
    repository: str = ""
    """``OWNER/NAME`` on GitHub, the project's number on GitLab."""
    api: str = ""
    """The platform's API; without a slash at the end."""
    url: str = ""
    """Where a person sees the job's output."""

    @property
    def request_title(self) -> str | None:
        """The request as part of a name, ``pull-7``; ``None`` without one."""
        kind = "merge-request" if self.platform is Platform.GITLAB else "pull"
        return f"{kind}-{self.request}" if self.request is not None else None


_REQUESTS = ("CHANGE_ID", "BITBUCKET_PR_ID", "BUILDKITE_PULL_REQUEST", "DRONE_PULL_REQUEST")
_REQUESTS_OF_SERVERS = ("CI_COMMIT_PULL_REQUEST", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "TRAVIS_PULL_REQUEST")
_BRANCHES = ("BRANCH_NAME", "BITBUCKET_BRANCH", "BUILDKITE_BRANCH", "CIRCLE_BRANCH", "DRONE_BRANCH")
_BRANCHES_OF_SERVERS = ("CI_COMMIT_BRANCH", "BUILD_SOURCEBRANCHNAME", "TRAVIS_BRANCH", "GIT_BRANCH")
_COMMITS = ("GIT_COMMIT", "BITBUCKET_COMMIT", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "DRONE_COMMIT_SHA")
_COMMITS_OF_SERVERS = ("CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "TRAVIS_COMMIT")
_REQUEST_REF = re.compile(r"refs/pull/([0-9]+)/(?:merge|head)")
_HEADS = "refs/heads/"


def find_platform(environment: Mapping[str, str]) -> Platform:
    """The platform that set these variables."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return Platform.GITHUB
    if environment.get("GITLAB_CI") == "true":
        return Platform.GITLAB
    return Platform.NONE if environment.get("CI", "").lower() in ("", "0", "false") else Platform.GENERIC


def find_job(environment: Mapping[str, str], platform: Platform | None = None) -> Job:
    """What the variables say; ``platform`` to read them as that one's."""
    platform = platform or find_platform(environment)
    if platform is Platform.GITHUB:
        return _github(environment)
    if platform is Platform.GITLAB:
        return _gitlab(environment)
    if platform is Platform.NONE:
        return Job(platform)
    request = _number(_first(environment, _REQUESTS + _REQUESTS_OF_SERVERS))
    branch = _first(environment, _BRANCHES + _BRANCHES_OF_SERVERS).removeprefix("origin/")
    commit = _first(environment, _COMMITS + _COMMITS_OF_SERVERS)
    return Job(platform, request, branch if branch and request is None else None, commit)


def _github(environment: Mapping[str, str]) -> Job:
    reference, repository = environment.get("GITHUB_REF", ""), environment.get("GITHUB_REPOSITORY", "")
    match = _REQUEST_REF.fullmatch(reference)
    server, run = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_RUN_ID", "")
    return Job(
        Platform.GITHUB,
        request=int(match[1]) if match else None,
        branch=reference.removeprefix(_HEADS) if reference.startswith(_HEADS) else None,
        commit=environment.get("GITHUB_SHA", ""),
        repository=repository,
        api=environment.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
        url=f"{server}/{repository}/actions/runs/{run}" if server and run else "",
    )


def _gitlab(environment: Mapping[str, str]) -> Job:
    request = _number(environment.get("CI_MERGE_REQUEST_IID", ""))
    return Job(
        Platform.GITLAB,
        request=request,
        branch=environment.get("CI_COMMIT_BRANCH") if request is None else None,
        commit=environment.get("CI_COMMIT_SHA", ""),
        repository=environment.get("CI_PROJECT_ID", ""),
        api=environment.get("CI_API_V4_URL", "https://gitlab.com/api/v4").rstrip("/"),
        url=environment.get("CI_JOB_URL", ""),
    )


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := environment.get(name, ""))), "")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
