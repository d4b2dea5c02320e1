"""A git repository as the source: plumbing only, one process a question, never its index or working tree."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from previewer.domain.cancellation import Cancellation as Uncancelled
from previewer.domain.commit.files import FileTree
from previewer.domain.commit.revision import (
    Branch,
    BranchView,
    Commit,
    DefaultBranch,
    FileChange,
    ResolvedRevision,
    is_object_id,
)
from previewer.domain.naming import project_name
from previewer.errors import NotFoundError, SourceError
from previewer.forge.job import find_job
from previewer.git.command import GitCommand
from previewer.git.configuration import GitSettings, normalise_remote_url, repository_path
from previewer.git.new_commit import commit_to_branch
from previewer.git.objects import GitObjects, read_many
from previewer.git.output import (
    BRANCH_FORMAT,
    COMMIT_FORMAT,
    HEADS,
    NAMED_FORMAT,
    PULLS,
    REMOTES,
    TAGS,
    parse_branches,
    parse_commit_object,
    parse_commits,
    parse_named,
    parse_tree,
)
from previewer.source.branches import GitBranchView, fetch_branches, refs_fingerprint
from previewer.source.protocol import no_branch
from previewer.source.revisions import NO_COMMITS_HINT, GitChanges, GitRevisions
from previewer.source.submodules import GitExternalFiles
from previewer.source.trusted_branches import GitTrustedBranches

if TYPE_CHECKING:
    from previewer.domain.cancellation import Cancellation

INSTALLATION_KEY = "previewer.installation"
"""The git setting that overrides who this repository is."""
PROJECT_KEY = "previewer.project"
"""The git setting that overrides what this repository is called."""
INSTALLATION_DIGITS = 16
_ASKED_FIRST = ("--git-common-dir", "--show-object-format")
KEPT_TREES = 4
"""Listings of commits that are kept: large repositories have many files."""
_MOMENT = attrgetter("committed_at")


class GitSource:
    """The repository that a folder belongs to: a clone, a linked worktree, a submodule or a bare repository."""

    def __init__(self, path: str | Path, *, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        """``path`` may be any folder inside the repository; ``environment`` is the caller's, for what CI says.

        Raises :class:`SourceError` where git finds none there or refuses it.
        """
        self._command = GitCommand(str(path))
        self._settings = GitSettings(self._command, lambda: (self.location, self.shared_folder))
        self.objects = GitObjects(self._command)
        """What is in the repository, by name."""
        self._submodules: list[GitObjects] = []
        self._external_files = GitExternalFiles(
            self._command,
            self._settings,
            work_tree=lambda: Path(self.location),
            on_open=self._submodules.append,
        )
        self._changes = GitChanges(self._command)
        self._revisions = GitRevisions(self._command, self.objects, self._settings, find_job(environment))
        self._kept_tree = lru_cache(maxsize=KEPT_TREES)(self._read_tree)
        self.location, self.shared_folder, self.object_format = self._find_folders(Path(path))
        self._trusted = GitTrustedBranches(self._command, self._settings, Path(self.shared_folder), environment)

    @cached_property
    def project(self) -> str:
        """The ``previewer.project`` setting, else the last part of the ``origin`` URL or the folder's name.

        A clone of a folder on this machine is called as that folder is, and so is a linked worktree.
        """
        if (chosen := self._settings.get(PROJECT_KEY)) is not None:
            return project_name(chosen)
        origin = self._settings.get("remote.origin.url") or self._main_folder()
        path = normalise_remote_url(origin) or repository_path(origin)
        return project_name(path.rsplit("/", 1)[-1])

    @cached_property
    def installation(self) -> str:
        """Who this repository is: the ``previewer.installation`` setting, else 16 digits of a hash.

        Of the ``origin`` URL where that is not a path on this machine; else of the root commits of the default
        branch, which all clones share. Raises :class:`SourceError` where there is no commit yet.
        """
        if (chosen := self._settings.get(INSTALLATION_KEY)) is not None:
            return chosen
        origin = normalise_remote_url(self._settings.get("remote.origin.url") or "")
        basis = origin or " ".join(self._root_commits())
        return hashlib.sha256(basis.encode("utf-8", "surrogateescape")).hexdigest()[:INSTALLATION_DIGITS]

    @property
    def is_store(self) -> bool:
        """Whether it holds releases without their commits: it is no repository of the user's."""
        return self._settings.is_store

    @property
    def origin(self) -> str | None:
        """The ``origin`` URL as ``host/path``, without user and password; ``None`` for a path on this machine."""
        return normalise_remote_url(self._settings.get("remote.origin.url") or "")

    @cached_property
    def actor(self) -> str:
        """git's ``user.name``, else the system's user, at this machine."""
        try:
            user = self._settings.get("user.name") or _login()
        except (OSError, KeyError):  # a container's user need not have a name
            user = "unknown"
        return f"{user}@{socket.gethostname()}"

    def branches(self, *, remote: bool = False) -> tuple[Branch, ...]:
        """Local branches, newest tip first, and remote ones too if asked. A branch that is broken is left out."""
        folders = (HEADS, REMOTES) if remote else (HEADS,)
        lines = self._command.lines("for-each-ref", f"--format={BRANCH_FORMAT}", *folders)
        try:
            # Sorted here: for git's own --sort=-committerdate it reads every commit a second time.
            return tuple(sorted(parse_branches(lines), key=_MOMENT, reverse=True))
        except SourceError:
            # One reference to a missing object fails the whole listing: read commit by commit instead.
            return self._intact_branches(folders)

    def named_commits(self) -> tuple[Branch, ...]:
        """Tags and pull requests, newest commit first."""
        lines = self._command.lines("for-each-ref", f"--format={NAMED_FORMAT}", TAGS, *PULLS)
        return tuple(sorted(parse_named(lines), key=_MOMENT, reverse=True))

    def branch_view(self, *, remote: str | None = None, about: Callable[[str], bool] = no_branch) -> BranchView:
        """What is known of branches: the local ones' tips, or those of ``remote`` when it was fetched last."""
        view = GitBranchView(self._command, self._settings, Path(self.shared_folder))
        return view.read(default=self.default_branch().name, remote=remote, about=about)

    def fetch(self, remote: str, *, cancellation: Cancellation | None = None) -> None:
        """Bring every branch of a remote here, and forget those that it has no more."""
        fetch_branches(self._command, self._settings, remote, cancellation=cancellation or Uncancelled())

    def refs_fingerprint(self) -> str:
        """Changes whenever a reference does, and costs no git process."""
        return refs_fingerprint(Path(self.shared_folder))

    def default_branch(self) -> DefaultBranch:
        """The branch whose settings are trusted, or why there is none: nothing else decides on trust."""
        return self._trusted.default()

    def is_on_branch(self, commit: str, branch: str) -> bool:
        """Whether a branch really holds a commit (full id), as its remote has it."""
        return self._trusted.contains(branch, commit)

    def resolve(self, revision: str) -> ResolvedRevision:
        """What a branch, remote branch, tag, ``HEAD~2``, short or full id means.

        A branch wins over a tag of its name; a name that only a remote has counts as that branch. Raises
        :class:`NotFoundError`, with the nearest known names as the hint.
        """
        return self._revisions.resolve(revision)

    def count_uncommitted(self, commit: str) -> int:
        """How many files of the working tree differ from ``commit`` (a full id), if it is checked out.

        The one question that is asked of a working tree; nothing of it is read.
        """
        if self.location == self.shared_folder:
            return 0
        options = ("--porcelain=v2", "--branch", "--no-renames", "--ignore-submodules=dirty")
        answer = self._command.ask("status", *options)
        lines = answer.text.splitlines()
        if answer.code or f"# branch.oid {commit}" not in lines:
            return 0
        return sum(not line.startswith("#") for line in lines)

    def commits(self, revision: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``revision`` contains, newest first."""
        tip = self.resolve(revision).commit.id
        output = self._command.run(
            "rev-list", "--no-commit-header", f"--format={COMMIT_FORMAT}", f"--max-count={limit}", tip
        )
        return parse_commits(output)

    def find_commit(self, commit: str) -> Commit | None:
        """A commit by its full id; ``None`` where the repository has not got it."""
        return self._changes.find_commit(commit)

    def commits_between(self, old: str, new: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``new`` contains and ``old`` does not (full ids), newest first."""
        return self._changes.commits_between(old, new, limit=limit)

    def bisection(self, good: Sequence[str], bad: str) -> tuple[str, ...]:
        """The commits of ``bad`` that none of ``good`` contains (full ids), the best to test next first."""
        return self._changes.bisection(good, bad)

    def changed_files(self, old: str, new: str) -> tuple[FileChange, ...]:
        """Every file that differs between two commits (full ids), sorted by path."""
        return self._changes.changed_files(old, new)

    def tree(self, commit: str) -> FileTree:
        """The files of a commit, by its full id. Raises :class:`NotFoundError` where there is no such commit."""
        if not commit.isalnum():
            raise NotFoundError("this is not a commit's id", where=commit)
        # A full id means the same files for ever; one command asks for them four times.
        return self._kept_tree(commit) if is_object_id(commit) else self._read_tree(commit)

    def _read_tree(self, commit: str) -> FileTree:
        # Sizes would make a partial clone fetch every blob there is.
        sizes = () if self._settings.is_partial_clone else ("-l",)
        answer = self._command.ask("ls-tree", "-r", "-z", *sizes, "--full-tree", commit)
        if answer.code:
            raise NotFoundError("there is no such commit in the repository", where=commit)
        return FileTree(parse_tree(answer.output), self.objects.read, self.objects.stream, self._external_files)

    def commit_to_branch(self, branch: str, base: str, files: Mapping[str, str], *, message: str) -> Commit:
        """Make a commit upon ``base`` (a full id) that has ``files`` too, texts by path, the tip of ``branch``.

        By git's user; no index and no working tree is touched. Raises :class:`SourceError`: also where the branch
        is checked out anywhere.
        """
        return self.resolve(commit_to_branch(self._command, branch, base, files, message=message)).commit

    def close(self) -> None:
        """End git processes that are kept open."""
        self.objects.close()
        for objects in self._submodules:
            objects.close()

    def _find_folders(self, path: Path) -> tuple[str, str, str]:
        """The working tree, or the bare repository itself; git's own folder; and how objects are named."""
        answer = self._command.ask("rev-parse", "--show-toplevel", *_ASKED_FIRST)
        folder = (
            answer.text
            if answer.code == 0
            else self._command.text("rev-parse", "--absolute-git-dir", *_ASKED_FIRST)
        )
        location, shared, object_format = folder.removesuffix("\n").rsplit("\n", 2)
        return location, str((path / shared).resolve()), object_format  # git says it as seen from ``path``

    def _main_folder(self) -> str:
        """The folder of the repository; of a linked worktree, that of the repository it belongs to."""
        own, common = self._command.text("rev-parse", "--absolute-git-dir", "--git-common-dir").splitlines()
        if Path(own).parent.name != "worktrees" or Path(own).parent.parent != Path(common):
            return self.location
        return str(Path(common).parent if Path(common).name == ".git" else common)

    def _root_commits(self) -> list[str]:
        if (tip := self.default_branch().commit) is None:  # who it is has nothing to do with trust
            if (head := self.objects.find("HEAD^{commit}")) is None:
                raise SourceError("the repository has no commits", where=self.location, hint=NO_COMMITS_HINT)
            tip = head.id
        return sorted(self._command.run("rev-list", "--max-parents=0", tip).decode().split())

    def _intact_branches(self, folders: tuple[str, ...]) -> tuple[Branch, ...]:
        lines = self._command.text(
            "for-each-ref", "--format=%(objectname)%00%(HEAD)%00%(refname)%00%(symref)", *folders
        ).splitlines()
        records = [line.split("\0") for line in lines]
        branches = []
        objects = read_many(self._command, [f"{record[0]}^{{commit}}" for record in records])
        for (_, head, name, symref), tip in zip(records, objects, strict=True):
            is_remote = name.startswith(REMOTES)
            if tip is None or (is_remote and symref):
                continue
            commit = parse_commit_object(tip.id, tip.content)
            branches.append(
                Branch(
                    name=name.removeprefix(REMOTES if is_remote else HEADS),
                    commit=commit.id,
                    committed_at=commit.committed_at,
                    author=commit.author,
                    subject=commit.subject,
                    is_remote=is_remote,
                    is_current=head == "*",
                )
            )
        return tuple(sorted(branches, key=_MOMENT, reverse=True))


def _login() -> str:
    import getpass  # git's user has a name in most places

    return getpass.getuser()
