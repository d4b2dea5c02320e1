"""Which branch of a repository is trusted, and which commits are really on a branch.

A branch under preview must not decide what it is trusted with, and a checkout in CI gives its commit any name
(``git checkout -B main refs/remotes/origin/feature``). So where there is a remote, its own branches count, as they
were fetched last, and no local branch does. References are looked up by their whole names: in a revision, git
would also take a tag or a branch that is called ``refs/remotes/origin/main``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from previewer.domain.commit.revision import DefaultBranch
from previewer.git.command import GitCommand
from previewer.git.configuration import GitSettings, normalise_remote_url
from previewer.git.output import HEADS, REMOTES

DEFAULT_BRANCH_KEY = "previewer.defaultbranch"
"""The git setting that names the default branch: ``main``, ``upstream/main``, or a whole reference."""
USUAL_NAMES = ("main", "master")
SETTING_HINT = "name it: git config previewer.defaultBranch BRANCH"


class _Remote(Struct, frozen=True):
    """Where branches count: a remote, or the repository itself where it has none."""

    name: str | None

    @property
    def title(self) -> str:
        return self.name or "this repository"


class _Tip(Struct, frozen=True):
    """What a reference points at."""

    commit: str
    target: str
    """The reference that a symbolic one stands for; empty for any other."""


class GitTrustedBranches:
    """Decides for one repository; every answer is a fresh look."""

    def __init__(
        self, command: GitCommand, settings: GitSettings, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """``folder`` is the repository's common one. ``environment`` is the caller's, for CI's own variables."""
        self._command = command
        self._settings = settings
        self._folder = folder
        self._environment = environment

    def default(self) -> DefaultBranch:
        """The default branch and its trusted commit, or why nothing is trusted.

        The setting ``previewer.defaultBranch`` decides, else what CI says of the repository, else the remote's
        ``HEAD``, else its ``main`` or ``master``. Without any remote: ``init.defaultBranch``, ``main`` or
        ``master``, or the only branch. It is never a revision because that is checked out.
        """
        if self._settings.is_store:
            return DefaultBranch(None, None, "releases were pulled to here, without any branch")
        if setting := self._settings.get(DEFAULT_BRANCH_KEY):
            return self._configured(setting)
        remote = self._remote()
        if remote is None:
            names = ", ".join(self._settings.remotes)
            hint = "say which remote: git config previewer.defaultBranch REMOTE/BRANCH"
            return DefaultBranch(None, None, f"there are several remotes and none is called origin: {names}", hint)
        if remote.name is None:
            return self._local_default(remote)
        if branch := default_branch_of_ci(
            self._environment, origin=self._settings.get(f"remote.{remote.name}.url")
        ):
            name, variable = branch
            return self._named(remote, name, f"${variable}")
        return self._remote_default(remote, remote.name)

    def contains(self, branch: str, commit: str) -> bool:
        """Whether a branch, as its remote has it (without any remote: as it is here), holds a commit."""
        remote = self._remote()
        if remote is None or (remote.name is None and self._is_fetched):
            return False
        tips = self._tips(self._references(remote, branch))
        return commit in tips or any(
            self._command.ask("merge-base", "--is-ancestor", commit, tip).code == 0 for tip in tips
        )

    def _configured(self, setting: str) -> DefaultBranch:
        reason = "the git setting previewer.defaultBranch"
        if setting.startswith("refs/"):
            name = setting.removeprefix(HEADS)
            return self._first(name, [setting], reason, f"there is no reference {setting}", SETTING_HINT)
        for name in sorted(self._settings.remotes, key=len, reverse=True):
            if setting.startswith(f"{name}/"):
                return self._named(_Remote(name), setting.removeprefix(f"{name}/"), reason)
        remote = self._remote()
        return self._named(remote or _Remote(self._settings.remotes[0]), setting, reason)

    def _named(self, remote: _Remote, name: str, reason: str) -> DefaultBranch:
        absence = f"{reason} says {name!r}, and that branch of {remote.title} is not here"
        hint = _fetch_hint(remote.name, name) if remote.name else SETTING_HINT
        return self._first(name, self._references(remote, name), reason, absence, hint)

    def _first(self, name: str, references: list[str], reason: str, absence: str, hint: str) -> DefaultBranch:
        tip = next(iter(self._tips(references)), None)
        return DefaultBranch(name, tip, reason) if tip else DefaultBranch(name, None, absence, hint)

    def _remote_default(self, remote: _Remote, remote_name: str) -> DefaultBranch:
        prefix, head = f"{REMOTES}{remote_name}/", f"{REMOTES}{remote_name}/HEAD"
        names = (*self._bare_head(), *USUAL_NAMES)
        references = {name: self._references(remote, name) for name in names}
        refs = self._look_up([head, *(each for held in references.values() for each in held)])
        if head not in refs or refs[head].target:  # a branch that is called HEAD is no symbolic one
            target = refs[head].target if head in refs else self._symbolic_target(head)
            if target is not None:
                name = target.removeprefix(prefix)
                if head in refs and target.startswith(prefix):
                    return DefaultBranch(name, refs[head].commit, f"{remote_name}/HEAD")
                absence = f"{remote_name}/HEAD says {name!r}, and that branch of {remote_name} is not here"
                hint = f"if it has another one now: git remote set-head {remote_name} -a"
                return DefaultBranch(name, None, absence, hint)
        for name in names:
            if held := [refs[each].commit for each in references[name] if each in refs]:
                return DefaultBranch(name, held[0], f"{remote_name} has a branch of that name")
        reason = f"no default branch of {remote_name} is known here"
        return DefaultBranch(None, None, reason, _fetch_hint(remote_name, "main"))

    def _symbolic_target(self, reference: str) -> str | None:
        answer = self._command.ask("symbolic-ref", "--quiet", reference)
        return answer.text.strip() if answer.code == 0 else None

    def _local_default(self, remote: _Remote) -> DefaultBranch:
        if self._is_fetched:
            reason = "commits were fetched, and no remote says whose they are"
            return DefaultBranch(None, None, reason, SETTING_HINT)
        for name in (*self._bare_head(), self._settings.get("init.defaultbranch"), *USUAL_NAMES):
            if name and (tips := self._tips(self._references(remote, name))):
                return DefaultBranch(name, tips[0], "there is no remote")
        form = "--format=%(refname) %(objectname)"
        lines = self._command.text("for-each-ref", form, "--count=2", HEADS, REMOTES).splitlines()
        if len(lines) == 1 and lines[0].startswith(HEADS) and not self._is_cloned:
            name, tip = lines[0].removeprefix(HEADS).split()
            return DefaultBranch(name, tip, "it is the only branch, and there is no remote")
        if not lines:
            return DefaultBranch(None, None, "no branch has a commit yet")
        return DefaultBranch(None, None, "there is no remote, and neither main nor master", SETTING_HINT)

    def _remote(self) -> _Remote | None:
        """The remote whose branches count; ``None`` where several could."""
        names = self._settings.remotes
        preferred = self._settings.get("checkout.defaultremote")
        if preferred is not None and preferred in names:
            return _Remote(preferred)
        if not names:  # one that was removed may have left its branches
            left = self._command.text("for-each-ref", "--count=1", f"{REMOTES}origin")
            return _Remote("origin" if left else None)
        return _Remote(names[0]) if len(names) == 1 or names[0] == "origin" else None

    def _references(self, remote: _Remote, branch: str) -> list[str]:
        """Where a branch of a remote is kept here, best first."""
        local = f"{HEADS}{branch}"
        if remote.name is None:
            return [local]
        targets = list(self._settings.fetch_targets(remote.name, local))
        if not targets and self._is_bare and not self._settings.all(f"remote.{remote.name}.fetch"):
            targets = [local]  # of a bare clone, whose branches are copies of the remote's
        return [*targets, f"{REMOTES}{remote.name}/{branch}"]

    def _tips(self, references: list[str]) -> list[str]:
        """The commits of those references that there are, in their order."""
        refs = self._look_up(references)
        return [refs[name].commit for name in dict.fromkeys(references) if name in refs]

    def _look_up(self, references: list[str]) -> dict[str, _Tip]:
        """What those of ``references`` point at that exist and lead to a commit."""
        if not references:
            return {}
        form = "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(symref)"
        lines = self._command.text("for-each-ref", form, *references).splitlines()
        records = (line.split("\0") for line in lines)
        return {name: _Tip(commit, target) for name, commit, kind, target in records if kind == "commit"}

    def _bare_head(self) -> Iterator[str]:
        """What ``HEAD`` of a bare repository says: nothing is checked out there, so that is its default branch."""
        if self._is_bare:
            answer = self._command.ask("--git-dir", str(self._folder), "symbolic-ref", "--quiet", "HEAD")
            if (name := answer.text.strip()).startswith(HEADS):
                yield name.removeprefix(HEADS)

    @property
    def _is_bare(self) -> bool:
        return self._settings.get("core.bare") == "true"

    @property
    def _is_fetched(self) -> bool:
        """Whether anything was ever fetched."""
        return any(self._folder.glob("FETCH_HEAD")) or any(self._folder.glob("worktrees/*/FETCH_HEAD"))

    @property
    def _is_cloned(self) -> bool:
        """Whether the repository began as a clone, of whichever branch."""
        try:
            with (self._folder / "logs/HEAD").open("rb") as log:
                return b"\tclone: " in log.readline(4096)
        except OSError:
            return False


def _fetch_hint(remote: str, branch: str) -> str:
    fetch = f"git fetch {remote} +{HEADS}{branch}:{REMOTES}{remote}/{branch}"
    return f"fetch it: {fetch} (in CI, ask for the whole history: fetch-depth: 0), or {SETTING_HINT}"


# What a CI system says of the repository's default branch.
#
# Variables that name a branch of the run (``GITHUB_BASE_REF``, ``CI_COMMIT_BRANCH``,
# ``CHANGE_TARGET``) are not asked: the author of a pull request chooses them.

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
    known = {remote_url.lower() for url in urls if (remote_url := normalise_remote_url(url))}
    return place is None or not known or place.lower() in known
