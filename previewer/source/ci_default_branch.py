"""What a CI system says of the repository's default branch.

Variables that name a branch of the run (``GITHUB_BASE_REF``, ``CI_COMMIT_BRANCH``, ``CHANGE_TARGET``) are not
asked: the author of a pull request chooses them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from previewer.git.configuration import normalise_remote_url

EVENT_VARIABLE = "GITHUB_EVENT_PATH"
"""The file with the event that began a run of GitHub, Gitea or Forgejo Actions."""
MAX_EVENT_BYTES = 32 * 1024 * 1024
_VARIABLES = (
    ("CI_DEFAULT_BRANCH", "CI_PROJECT_URL"),
    ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "BUILDKITE_REPO"),
    ("CI_REPO_DEFAULT_BRANCH", "CI_REPO_CLONE_URL"),
    ("DRONE_REPO_BRANCH", "DRONE_GIT_HTTP_URL"),
)
"""A repository's default branch and its URL, as GitLab, Buildkite, Woodpecker and Drone say them."""


def default_branch_of_ci(environment: Mapping[str, str], *, origin: str | None) -> tuple[str, str] | None:
    """The default branch and the variable that says so; ``None`` where none does.

    ``origin`` is the remote's URL: what CI says of another repository than that is not about this one.
    """
    if path := environment.get(EVENT_VARIABLE):
        name, urls = _read_event(Path(path))
        return (name, EVENT_VARIABLE) if name and _is_about(origin, urls) else None
    for variable, url in _VARIABLES:
        if name := environment.get(variable):
            return (name, variable) if _is_about(origin, (environment.get(url, ""),)) else None
    return None


def _read_event(path: Path) -> tuple[str | None, tuple[str, ...]]:
    """The default branch in an event's payload, and the repository's addresses."""
    try:
        with path.open("rb") as file:
            payload = json.loads(file.read(MAX_EVENT_BYTES))
    except (OSError, ValueError):
        return None, ()
    repository = payload.get("repository") if isinstance(payload, dict) else None
    if not isinstance(repository, dict):
        return None, ()
    name = repository.get("default_branch")
    urls = tuple(str(repository[key]) for key in ("clone_url", "ssh_url", "html_url") if repository.get(key))
    return (name if isinstance(name, str) else None), urls


def _is_about(origin: str | None, urls: tuple[str, ...]) -> bool:
    """Whether one of ``urls`` is ``origin``; paths of a machine and absent addresses are not held against it."""
    place = normalise_remote_url(origin or "")
    known = {found.lower() for url in urls if (found := normalise_remote_url(url))}
    return place is None or not known or place.lower() in known
