"""A source in memory, for tests of decisions: branches by name, each a line of commits with files by path."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry, blob_id
from previewer.domain.commit.revision import (
    Branch,
    BranchView,
    Change,
    Commit,
    DefaultBranch,
    FileChange,
    RefKind,
    ResolvedRevision,
)
from previewer.domain.json_value import digest_of
from previewer.errors import NotFoundError, SourceError
from previewer.source.protocol import no_branch

FIRST_COMMIT_AT = datetime(2024, 1, 1, tzinfo=UTC)
ID_LENGTH = 40


class MemorySource:
    """A repository that never was: ``MemorySource().commit("main", {"compose.yaml": "…"})``."""

    def __init__(self, *, project: str = "shop", default: str = "main", actor: str = "ada@laptop") -> None:
        self.location = self.shared_folder = f"/memory/{project}"
        self.project = project
        self.installation = hashlib.sha256(project.encode()).hexdigest()[:16]
        self.actor = actor
        self.origin: str | None = None
        self._default = default
        self._histories: dict[str, list[Commit]] = {}
        self._deleted: dict[str, list[Commit]] = {}
        self.merged: set[str] = set()
        """The branches that count as merged."""
        self._tags: dict[str, Commit] = {}
        self._trees: dict[str, Mapping[str, str | bytes]] = {}

    def commit(
        self, branch: str, files: Mapping[str, str | bytes], *, subject: str = "change", author: str = "Ada"
    ) -> Commit:
        """Add a commit that holds exactly ``files`` to a branch; a new branch starts with it. A minute passes."""
        history = self._histories.setdefault(branch, [])
        at = FIRST_COMMIT_AT + timedelta(minutes=len(self._trees))
        blobs: dict[str, str] = {path: blob_id(_encode(content)) for path, content in files.items()}
        tree = digest_of(blobs).removeprefix("sha256:")[:ID_LENGTH]
        parent = history[-1].id if history else ""
        basis = [tree, parent, branch, subject, at.isoformat()]
        commit = Commit(digest_of(basis).removeprefix("sha256:")[:ID_LENGTH], tree, at, author, subject)
        history.append(commit)
        self._trees[commit.id] = dict(files)
        return commit

    def tag(self, name: str, commit: Commit) -> None:
        """Give a commit a tag."""
        self._tags[name] = commit

    def delete_branch(self, name: str) -> None:
        """Forget a branch; its commits stay."""
        self._deleted[name] = self._histories.pop(name)

    def branches(self, *, remote: bool = False) -> tuple[Branch, ...]:
        """Every branch, newest tip first. There are no remote ones."""
        del remote
        tips = sorted(self._histories.items(), key=lambda item: item[1][-1].committed_at, reverse=True)
        return tuple(
            Branch(
                name=name,
                commit=history[-1].id,
                committed_at=history[-1].committed_at,
                author=history[-1].author,
                subject=history[-1].subject,
                is_current=name == self._default,
            )
            for name, history in tips
        )

    def named_commits(self) -> tuple[Branch, ...]:
        """The tags."""
        return tuple(
            Branch(name, found.id, found.committed_at, found.author, found.subject, kind=RefKind.TAG)
            for name, found in self._tags.items()
        )

    def branch_view(self, *, remote: str | None = None, about: Callable[[str], bool] = no_branch) -> BranchView:
        """Every branch, local and remote alike."""
        del remote
        return BranchView(
            tips={name: history[-1].id for name, history in self._histories.items()},
            known=frozenset(self._histories),
            merged=frozenset(name for name in self.merged if about(name)),
            default=self.default_branch().name,
        )

    def fetch(self, remote: str, *, cancellation: Cancellation | None = None) -> None:
        """Nothing is elsewhere."""
        del remote, cancellation

    def refs_fingerprint(self) -> str:
        """The branches and their tips."""
        return repr({name: history[-1].id for name, history in self._histories.items()})

    def default_branch(self) -> DefaultBranch:
        """The branch named at the start, once it has a commit."""
        history = self._histories.get(self._default)
        if history is None:
            return DefaultBranch(None, None, "no branch has a commit yet")
        return DefaultBranch(self._default, history[-1].id, "it was named at the start")

    def is_on_branch(self, commit: str, branch: str) -> bool:
        """Whether a branch holds a commit."""
        return any(found.id == commit for found in self._histories.get(branch, ()))

    def resolve(self, revision: str) -> ResolvedRevision:
        """A branch, ``HEAD``, a tag, a full or unique short id, each with ``~N``."""
        name, _, back = revision.removeprefix("refs/heads/").partition("~")
        branch = self._default if name in ("HEAD", "@") else name
        history = self._histories.get(branch)
        if history is None:
            branch, history = "", self._history_of(name)
        steps = int(back or "1") if "~" in revision else 0
        if history is None or steps >= len(history):
            known = [*self._histories, *self._tags]
            nearest = difflib.get_close_matches(revision, known, 3)
            hint = f"did you mean {' or '.join(nearest)}?" if nearest else None
            raise NotFoundError("there is no such branch, tag or commit", where=revision, hint=hint)
        return ResolvedRevision(revision, history[-1 - steps], (branch or None) if not steps else None)

    def count_uncommitted(self, commit: str) -> int:
        """There is no working tree."""
        del commit
        return 0

    def commits(self, revision: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``revision`` contains, newest first."""
        tip = self.resolve(revision).commit
        return tuple(reversed(self._history_of(tip.id) or ()))[:limit]

    def find_commit(self, commit: str) -> Commit | None:
        """A commit by its full id; ``None`` where the repository has not got it."""
        history = self._history_of(commit) if len(commit) == ID_LENGTH else None
        return history[-1] if history else None

    def commits_between(self, old: str, new: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``new`` contains and ``old`` does not (full ids), newest first."""
        known = set(self._history_of(old) or ())
        return tuple(commit for commit in reversed(self._history_of(new) or ()) if commit not in known)[:limit]

    def bisection(self, good: Sequence[str], bad: str) -> tuple[str, ...]:
        """The commits of ``bad`` that none of ``good`` contains (full ids), the one in the middle first."""
        known = {commit for one in good for commit in self._history_of(one) or ()}
        left = [commit.id for commit in self._history_of(bad) or () if commit not in known]
        return tuple(sorted(left, key=lambda commit: abs(2 * left.index(commit) + 2 - len(left))))

    def changed_files(self, old: str, new: str) -> tuple[FileChange, ...]:
        """Every file that differs between two commits (full ids), sorted by path; their lines are not counted."""
        before, after = self._trees[old], self._trees[new]
        differing = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
        return tuple(FileChange(path, _change(path in before, path in after), None, None) for path in differing)

    def tree(self, commit: str) -> FileTree:
        """The files of a commit, by its full id."""
        if commit not in self._trees:
            raise NotFoundError("there is no such commit in the repository", where=commit)
        contents = {path: _encode(content) for path, content in sorted(self._trees[commit].items())}
        blobs = {blob_id(content): content for content in contents.values()}
        entries = [TreeEntry(path, EntryKind.FILE, blob_id(data), len(data)) for path, data in contents.items()]
        return FileTree(entries, blobs.__getitem__)

    def commit_to_branch(self, branch: str, base: str, files: Mapping[str, str], *, message: str) -> Commit:
        """Make a commit upon ``base`` the tip of ``branch``; the default branch counts as checked out."""
        if branch == self._default:
            raise SourceError("git branch failed: it is checked out", where=branch)
        self._histories[branch] = list(self._history_of(base) or ())
        return self.commit(branch, {**self._trees[base], **files}, subject=message.partition("\n")[0])

    def close(self) -> None:
        """Nothing is kept open."""

    def _history_of(self, name: str) -> list[Commit] | None:
        """The commits up to the one that a tag or an id means."""
        wanted = self._tags[name].id if name in self._tags else name
        for history in (*self._histories.values(), *self._deleted.values()):
            for index, commit in enumerate(history):
                if len(wanted) >= 4 and commit.id.startswith(wanted):
                    return history[: index + 1]
        return None


def _change(was_there: bool, is_there: bool) -> Change:
    if was_there and is_there:
        return Change.CHANGED
    return Change.ADDED if is_there else Change.REMOVED


def _encode(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
