"""What a user's words mean in a git repository, and what lies between two commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from previewer.domain.commit.revision import Change, Commit, FileChange, ResolvedRevision, is_object_id
from previewer.errors import NotFoundError
from previewer.forge.job import Job
from previewer.git.command import GitCommand
from previewer.git.configuration import GitSettings
from previewer.git.objects import GitObject, GitObjects, read_many
from previewer.git.output import COMMIT_FORMAT, HEADS, REMOTES, parse_commit_object, parse_commits

_CHANGES = {"A": Change.ADDED, "D": Change.REMOVED}
"""Kinds by the letter of git-diff-tree(1); every other one is a change."""


class GitChanges:
    """Compares commits of one repository, each by its full id."""

    def __init__(self, command: GitCommand) -> None:
        self._command = command

    def find_commit(self, commit: str) -> Commit | None:
        """A commit; ``None`` where the repository has not got it."""
        if not is_object_id(commit):
            return None
        commit_object = read_many(self._command, [f"{commit}^{{commit}}"])[0]
        return parse_commit_object(commit_object.id, commit_object.content) if commit_object is not None else None

    def commits_between(self, old: str, new: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``new`` contains and ``old`` does not, newest first."""
        output = self._command.run(
            "rev-list", "--no-commit-header", f"--format={COMMIT_FORMAT}", f"--max-count={limit}", new, f"^{old}"
        )
        return parse_commits(output)

    def bisection(self, good: Sequence[str], bad: str) -> tuple[str, ...]:
        """The commits of ``bad`` that none of ``good`` contains, the one that halves them best first."""
        output = self._command.text("rev-list", "--bisect-all", bad, *(f"^{commit}" for commit in good))
        return tuple(line.partition(" ")[0] for line in output.splitlines())

    def changed_files(self, old: str, new: str) -> tuple[FileChange, ...]:
        """Every file that differs, sorted by path. A file that moved is removed and added."""
        output = self._command.run(
            "diff-tree",
            "-r",
            "-z",
            "--raw",
            "--numstat",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            old,
            new,
        )
        changes = parse_changes(output)
        return tuple(sorted(changes, key=lambda change: change.path))


def parse_changes(output: bytes) -> Iterator[FileChange]:
    """Files out of ``git diff-tree -z --raw --numstat``: first who changed how, then how many lines."""
    fields = iter(output.decode("utf-8", "surrogateescape").split("\0")[:-1])
    changes: dict[str, Change] = {}
    for field in fields:
        if field.startswith(":"):
            changes[next(fields)] = _CHANGES.get(field.rpartition(" ")[2], Change.CHANGED)
            continue
        added, removed, path = field.split("\t", 2)
        yield FileChange(path, changes[path], _count(added), _count(removed))


def _count(text: str) -> int | None:
    return int(text) if text.isdigit() else None


NEAREST_NAMES = 3
NO_COMMITS_HINT = "commit something first: previewer reads nothing but commits"


_REQUEST_TITLES = {"pull": "pull", "pull-requests": "pull", "merge-requests": "merge-request"}
"""What environments of requests are called, by the folder that a forge keeps them in."""
_REQUEST_FOLDERS = [f"{place}{kind}" for place in ("refs/", REMOTES) for kind in _REQUEST_TITLES]
_PULL_REQUEST = re.compile(
    r"refs/(?:remotes/)?(?P<kind>pull|pull-requests|merge-requests)/(?P<number>[0-9]+)/(?:head|merge|from)"
)


class GitRevisions:
    """Resolves revisions. What the user wrote reaches git over a pipe only, never as an argument."""

    def __init__(self, command: GitCommand, objects: GitObjects, settings: GitSettings, job: Job) -> None:
        """``job`` is the CI job that this runs in: it names what it has checked out."""
        self._command = command
        self._objects = objects
        self._settings = settings
        self._job = job

    def resolve(self, text: str) -> ResolvedRevision:
        """The commit, and the branch if the text names one.

        Raises :class:`NotFoundError`, with the nearest known names as the hint.
        """
        for name, branch in self._readings(text):
            found = self._commit(name)
            if found is not None:
                reference = f"{HEADS}{branch}" if branch else self._reference(name)
                request = _PULL_REQUEST.fullmatch(reference)
                commit = parse_commit_object(found.id, found.content)
                if request:
                    kind = _REQUEST_TITLES[request["kind"]]
                    return ResolvedRevision(text, commit, None, f"{kind}-{request['number']}")
                known = branch or self._branch(reference)
                if known is None and name == "HEAD" and commit.id == self._job.commit:
                    return ResolvedRevision(text, commit, self._job.branch, self._job.request_title)
                return ResolvedRevision(text, commit, known)
        raise self._not_found(text)

    def current_branch(self) -> str | None:
        """The branch that is checked out, even one without a commit; ``None`` for a detached ``HEAD``."""
        answer = self._command.ask("symbolic-ref", "--quiet", "HEAD")
        name = answer.text.strip()
        return name.removeprefix(HEADS) if name.startswith(HEADS) else None

    def _readings(self, text: str) -> Iterator[tuple[str, str | None]]:
        """What ``text`` may mean, best first, with the branch where that is certain."""
        if not text.strip() or "\n" in text or "\0" in text:
            return
        if text in ("HEAD", "@"):
            yield "HEAD", self.current_branch()
            return
        if not is_object_id(text) and _is_plain_name(text):
            yield f"{HEADS}{text}", text
        yield text, None
        if _is_plain_name(text):
            for remote in self._settings.remotes:
                yield f"{REMOTES}{remote}/{text}", text

    def _commit(self, name: str) -> GitObject | None:
        if name.startswith(":/"):  # all that follows is a text to look for
            answer = self._command.ask("rev-parse", "--verify", "--quiet", "--end-of-options", name)
            return self._objects.find(answer.text.strip()) if answer.code == 0 else None
        git_object = self._objects.find(f"{name}^{{commit}}")
        return git_object if git_object is not None and git_object.type == "commit" else None

    def _reference(self, name: str) -> str:
        """The reference that a reading names: by ``heads/x``, ``origin/x``, ``@{-1}``, ``@{upstream}``.

        A ``HEAD`` without a branch is, in CI, what a pull request's reference points at. Empty for none.
        """
        if name == "HEAD":
            pattern = [f"{folder}/*/*" for folder in _REQUEST_FOLDERS]
            form = ("--format=%(refname)", "--points-at=HEAD", "--count=1")
            return self._command.text("for-each-ref", *form, *pattern).strip()
        if name.startswith("-") or is_object_id(name):
            return ""
        answer = self._command.ask(
            "rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", name
        )
        return answer.text.strip()

    def _branch(self, full: str) -> str | None:
        """The branch that a reference is, here or at a remote."""
        if full.startswith(HEADS):
            return full.removeprefix(HEADS)
        if full.startswith(REMOTES):
            return strip_remote(full.removeprefix(REMOTES), self._settings.remotes)
        return None

    def _not_found(self, text: str) -> NotFoundError:
        if self._settings.is_store:
            return NotFoundError(
                "releases were pulled to here, without their commits",
                where=text,
                hint="`previewer releases` lists them, `previewer up --release ID` runs one",
            )
        form = "--format=%(refname)"
        references = self._command.text("for-each-ref", form, HEADS, REMOTES, "refs/tags/").splitlines()
        if not references and self._objects.find("HEAD^{commit}") is None:
            return NotFoundError("the repository has no commits", where=text, hint=NO_COMMITS_HINT)
        names = {self._short_name(reference) for reference in references}
        if self._command.ask("rev-parse", "--is-shallow-repository").output.strip() == b"true":
            return NotFoundError(
                "there is no such branch, tag or commit in this shallow clone",
                where=text,
                hint="fetch the rest: git fetch --unshallow (in CI, ask for the whole history: fetch-depth: 0)",
            )
        from difflib import get_close_matches  # takes its time to load, for mistakes only

        nearest = get_close_matches(text, sorted(names), NEAREST_NAMES)
        hint = f"did you mean {' or '.join(nearest)}?" if nearest else "`previewer branches` lists what there is"
        return NotFoundError("there is no such branch, tag or commit", where=text, hint=hint)

    def _short_name(self, reference: str) -> str:
        if reference.startswith(REMOTES):
            return strip_remote(reference.removeprefix(REMOTES), self._settings.remotes)
        return reference.removeprefix(HEADS).removeprefix("refs/tags/")


def strip_remote(name: str, remotes: Iterable[str]) -> str:
    """``origin/feature/x`` without the remote's name; remotes' names may hold slashes themselves."""
    fitting = [remote for remote in remotes if name.startswith(f"{remote}/")]
    remote = max(fitting, key=len) if fitting else name.partition("/")[0]
    return name[len(remote) + 1 :]


def _is_plain_name(text: str) -> bool:
    """Whether ``text`` can be a reference's name (git-check-ref-format(1)), rather than an expression."""
    return re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/$|^/|\.$|\.lock$", text) is None
