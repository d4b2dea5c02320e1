"""One comment on a pull request that is kept up to date: found again by a mark that readers do not see."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

from msgspec import DecodeError, Struct, json

from previewer.domain.json_value import JsonObject
from previewer.errors import PreviewerError
from previewer.forge.job import Job, Platform

Kind = TypeVar("Kind")
TOKENS: Mapping[Platform, tuple[str, ...]] = {
    Platform.GITHUB: ("PREVIEWER_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"),
    Platform.GITLAB: ("PREVIEWER_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN"),
}
"""Variables that the platform's token is looked for in."""
ATTEMPTS = 4
LONGEST_WAIT = 60.0
"""Seconds that a rate limit may ask for."""
TIMEOUT = 20.0
PER_PAGE = 100
MOST_PAGES = 30
LONGEST_BODY = 60_000
"""Characters; GitHub takes 65,536."""
MOST_BYTES = 16 * 1024 * 1024
JOB_TOKEN = "CI_JOB_TOKEN"  # noqa: S105 - the name of a variable
INSTALLATION_TOKEN = "ghs_"  # noqa: S105 - how a token of a GitHub App, such as Actions, begins


class ForgeError(PreviewerError):
    """The platform refused, or did not answer."""


class Posted(Struct, frozen=True):
    """A comment that is there now."""

    url: str
    is_new: bool


class _Author(Struct, frozen=True):
    id: int | None = None
    login: str = ""
    """GitHub's."""
    type: str = ""
    """``Bot`` for an App of GitHub."""


class _Comment(Struct, frozen=True):
    id: int = 0
    body: str | None = None
    user: _Author | None = None
    """GitHub's word for who wrote it."""
    author: _Author | None = None
    """GitLab's."""
    html_url: str = ""


class _Complaint(Struct, frozen=True):
    message: Any = ""
    """Text, or of GitLab an object."""


class _Answer(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def read(self, kind: type[Kind]) -> Kind:
        """What it says, or an empty one."""
        try:
            return json.decode(self.body, type=kind)
        except DecodeError:
            return kind()


def marker(name: str) -> str:
    """What begins a comment about ``name``; Markdown shows nothing of it."""
    return f"<!-- previewer: {name.replace('--', '- -')} -->"


def post_comment(
    job: Job,
    environment: Mapping[str, str],
    name: str,
    text: str,
    *,
    pause: Callable[[float], object] = time.sleep,
) -> Posted:
    """Create the comment about ``name`` on the job's pull request, or bring the one that is there up to date.

    Raises :class:`ForgeError` with what is to be done about it.
    """
    if job.platform not in TOKENS:
        raise ForgeError("no comment: this is no job of GitHub or GitLab", hint="--ci github says that it is")
    if job.request is None:
        raise ForgeError("no comment: this job is not for a pull request")
    variable = next((v for v in TOKENS[job.platform] if environment.get(v)), None)
    if variable is None:
        raise ForgeError(
            f"no comment: there is no token in {' or '.join(TOKENS[job.platform])}", hint=_permission(job.platform)
        )
    forge = (_GitHub if job.platform is Platform.GITHUB else _GitLab)(job, variable, environment[variable], pause)
    body = f"{marker(name)}\n{text}"
    return forge.post(body if len(body) <= LONGEST_BODY else f"{body[:LONGEST_BODY]}\n\n…", marker(name))


class _Forge:
    """Asks one API. Redirects are not followed: the token is for this address alone."""

    list_path = ""
    create_path = ""
    method = "PATCH"

    def __init__(self, job: Job, variable: str, token: str, pause: Callable[[float], object]) -> None:
        self._job = job
        self._variable = variable
        self._token = token
        self._pause = pause

    def post(self, body: str, mark: str) -> Posted:
        """Look for our own comment, and change it, or make one."""
        for entry in self._comments():
            if (entry.body or "").startswith(mark) and self._is_ours(entry):
                answer = self._ask(self.method, self._path_of(entry), {"body": body})
                return Posted(self._url(answer.read(_Comment)), is_new=False)
        answer = self._ask("POST", self.create_path, {"body": body})
        return Posted(self._url(answer.read(_Comment)), is_new=True)

    def _comments(self) -> Iterator[_Comment]:
        for page in range(1, MOST_PAGES + 1):
            comments = self._ask("GET", f"{self.list_path}?per_page={PER_PAGE}&page={page}").read(list[_Comment])
            yield from comments
            if len(comments) < PER_PAGE:
                return

    def _headers(self) -> Mapping[str, str]:
        raise NotImplementedError

    def _is_ours(self, entry: _Comment) -> bool:
        """Anybody can write the mark; what others wrote is not touched."""
        raise NotImplementedError

    def _path_of(self, entry: _Comment) -> str:
        raise NotImplementedError

    def _url(self, entry: _Comment) -> str:
        raise NotImplementedError

    def _ask(self, method: str, path: str, content: JsonObject | None = None) -> _Answer:
        """Ask, and again where the platform is down or asks for patience."""
        reason = ""
        for attempt in range(ATTEMPTS):
            try:
                answer = self._ask_once(method, path, content)
            except (OSError, http.client.HTTPException) as error:
                reason, wait = f"{self._job.api} does not answer: {error}", 2.0**attempt
            else:
                if answer.status < 300:
                    return answer
                wait_asked = _wait(answer)
                if wait_asked is None and answer.status < 500:
                    self._refuse(answer)
                reason = "too many requests" if wait_asked is not None else f"it answered {answer.status}"
                wait = wait_asked if wait_asked is not None else 2.0**attempt
            if wait > LONGEST_WAIT:
                raise ForgeError(f"no comment: {reason}, and it asks to wait for {wait:.0f} seconds")
            if attempt + 1 < ATTEMPTS:
                self._pause(wait)
        raise ForgeError(f"no comment: {reason}")

    def _ask_once(self, method: str, path: str, content: JsonObject | None) -> _Answer:
        request = urllib.request.Request(  # noqa: S310 - the platform's own address
            f"{self._job.api}{path}",
            method=method,
            data=json.encode(content) if content is not None else None,
            headers={"User-Agent": "previewer", "Content-Type": "application/json", **self._headers()},
        )
        opener = urllib.request.build_opener(_NoRedirects)
        try:
            with opener.open(request, timeout=TIMEOUT) as answer:
                return _Answer(answer.status, _lower(answer.headers.items()), answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return _Answer(error.code, _lower(error.headers.items()), error.read(MOST_BYTES))

    def _refuse(self, answer: _Answer) -> NoReturn:
        reason = answer.read(_Complaint).message or f"status {answer.status}"
        if answer.status in (401, 403, 404):
            raise ForgeError(
                f"no comment: the token in {self._variable} may not write one ({reason})",
                hint=_permission(self._job.platform),
            )
        raise ForgeError(f"no comment: {reason}")


class _GitHub(_Forge):
    """https://docs.github.com/en/rest/issues/comments"""

    def __init__(self, job: Job, variable: str, token: str, pause: Callable[[float], object]) -> None:
        super().__init__(job, variable, token, pause)
        self.list_path = self.create_path = f"/repos/{job.repository}/issues/{job.request}/comments"

    def _headers(self) -> Mapping[str, str]:
        return {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }

    def _is_ours(self, entry: _Comment) -> bool:
        author = entry.user or _Author()
        if self._token.startswith(INSTALLATION_TOKEN):  # it has no user to ask for
            return author.type == "Bot"
        return author.login == self._ask("GET", "/user").read(_Author).login

    def _path_of(self, entry: _Comment) -> str:
        return f"/repos/{self._job.repository}/issues/comments/{entry.id}"

    def _url(self, entry: _Comment) -> str:
        return entry.html_url


class _GitLab(_Forge):
    """https://docs.gitlab.com/api/notes/#merge-requests"""

    method = "PUT"

    def __init__(self, job: Job, variable: str, token: str, pause: Callable[[float], object]) -> None:
        super().__init__(job, variable, token, pause)
        self.list_path = self.create_path = f"/projects/{job.repository}/merge_requests/{job.request}/notes"

    def _headers(self) -> Mapping[str, str]:
        return {"JOB-TOKEN" if self._variable == JOB_TOKEN else "PRIVATE-TOKEN": self._token}

    def _is_ours(self, entry: _Comment) -> bool:
        author = entry.author.id if entry.author else None
        return author is not None and author == self._ask("GET", "/user").read(_Author).id

    def _path_of(self, entry: _Comment) -> str:
        return f"{self.list_path}/{entry.id}"

    def _url(self, entry: _Comment) -> str:
        return f"{self._job.url}#note_{entry.id}" if self._job.url else ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object, **_more: object) -> None:
        """No."""


def _lower(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers}


def _wait(answer: _Answer) -> float | None:
    """Seconds that a platform asks to wait for; ``None`` where it does not.

    A secondary limit of GitHub's is a 403 with Retry-After, a primary one has no requests remaining.
    """
    if answer.status not in (403, 429):
        return None
    if (after := answer.headers.get("retry-after", "")).isdecimal():
        return float(after)
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = answer.headers.get("x-ratelimit-reset", "")
        return max(1.0, float(reset) - time.time()) if reset.isdecimal() else 1.0
    return 1.0 if answer.status == 429 else None


def _permission(platform: Platform) -> str:
    if platform is Platform.GITHUB:
        return (
            "give the job `permissions: {pull-requests: write}`, and its steps `env: {GITHUB_TOKEN: ${{ "
            "github.token }}}`; pull requests from forks never get it"
        )
    return "set GITLAB_TOKEN to a project access token with the scope `api`: a job's own token may not comment"
