"""Give a repository environment definitions to start from."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

from msgspec import Struct

from previewer.definition.discover import (
    DEFINITION_SUFFIXES,
    ENVIRONMENTS_DIRECTORY,
    how_to_begin,
    root_files,
    starting_points,
)
from previewer.definition.template import environment_templates
from previewer.deployment.proposals import Proposals, propose
from previewer.deployment.would_run import would_run
from previewer.domain.commit.files import FileTree
from previewer.domain.commit.revision import ResolvedRevision
from previewer.domain.policy.check import Check
from previewer.errors import NotFoundError, UsageError
from previewer.session.session import Session

INIT_MESSAGE = "Define preview environments"


class InitResult(Struct, frozen=True):
    """What became of the files."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    """They were there already and are as they were."""


class ManySourcesError(UsageError):
    """Several files could be what a definition begins with, and no one said which."""

    def __init__(self, sources: Sequence[str]) -> None:
        super().__init__(
            f"there are {len(sources)} files to begin with: {', '.join(sources)}",
            hint=f"say which: previewer init --from {sources[0]}",
        )
        self.sources = tuple(sources)


class InitPlan(Struct, frozen=True):
    """What a repository lacks."""

    tree: FileTree
    """The files of HEAD."""
    files: Mapping[str, str]
    """Text by path relative to the root, of what is not there yet."""
    proposals: Proposals
    """What is in them besides, and why."""
    missing: str = ""
    """How to begin, where HEAD has nothing that could run and the files hold an example; empty else."""

    @property
    def completed(self) -> FileTree:
        """The files of HEAD with those that are not there yet."""
        return self.tree.with_files(self.files)


def plan_init(session: Session, sources: Sequence[str] = ()) -> InitPlan:
    """What HEAD lacks, and needs to run.

    Definitions begin with ``sources``, Compose files or a Dockerfile; without any with what is at the root, else
    with the only one that there is. Raises :class:`ManySourcesError`, and :class:`UsageError` for one that is not
    there.
    """
    resolved = _head(session)
    tree = session.source.tree(resolved.commit.id) if resolved else FileTree((), lambda _object_id: b"")
    chosen = tuple(sources) or _sources(tree)
    for file in chosen:
        if not tree.is_file(file):
            raise UsageError("HEAD has no such file", where=file, hint=how_to_begin(tree))
    if len({file.endswith(DEFINITION_SUFFIXES) for file in chosen}) > 1:
        raise UsageError(
            "a definition begins with Compose files or with Dockerfiles",
            where=", ".join(chosen),
            hint="a Compose file names the Dockerfiles that it builds",
        )
    has_preview = any(tree.is_file(f"envs/preview{suffix}") for suffix in (".yaml", ".yml"))
    proposals = Proposals() if has_preview or resolved is None else propose(session, resolved, tree, chosen)
    templates = {**environment_templates(tree, chosen, proposals.keys), **proposals.settings}
    files = {
        path: text
        for path, text in templates.items()
        if not tree.is_file(path) and not tree.is_file(f"{path.removesuffix('.yaml')}.yml")
    }
    return InitPlan(tree, files, proposals, "" if chosen or has_preview else how_to_begin(tree))


def _head(session: Session) -> ResolvedRevision | None:
    """``None`` in a repository without a commit."""
    try:
        return session.source.resolve("HEAD")
    except NotFoundError:
        return None


def _sources(tree: FileTree) -> tuple[str, ...]:
    if files := root_files(tree):
        return files
    found = starting_points(tree)
    if len(found) > 1:
        raise ManySourcesError(found)
    return found


class InitCommit(Struct, frozen=True):
    """What was committed."""

    branch: str
    commit: str
    files: tuple[str, ...]


def commit_init(session: Session, files: Mapping[str, str], branch: str) -> InitCommit:
    """Commit ``files``, text by path, upon HEAD as a new branch; nothing that is checked out changes.

    Raises :class:`UsageError` where there is nothing to commit, or such a branch already, :class:`SourceError`
    where git does not commit it.
    """
    head = _head(session)
    if not files:
        raise UsageError("HEAD has all of the definitions already: there is nothing to commit")
    if head is None:
        raise UsageError("nothing has been committed yet to add this to", hint="commit something first")
    if any(known.name == branch for known in session.source.branches()):
        raise UsageError("there is such a branch already", where=branch, hint="give another name")
    made = session.source.commit_to_branch(branch, head.commit.id, files, message=INIT_MESSAGE)
    return InitCommit(branch, made.id, tuple(sorted(files)))


class Start(Enum):
    """What a repository's HEAD says of how it is run."""

    DEFINED = "defined"
    """It has definitions of its own."""
    DERIVED = "derived"
    """They are derived from a Compose file or a Dockerfile at its root."""
    UNKNOWN = "unknown"
    """Nothing at its root says it."""


def start_of(session: Session) -> Start:
    """How HEAD begins; a repository without a commit says nothing."""
    head = _head(session)
    if head is None:
        return Start.UNKNOWN
    tree = session.source.tree(head.commit.id)
    if any(
        posixpath.dirname(entry.path) == ENVIRONMENTS_DIRECTORY and entry.path.endswith(DEFINITION_SUFFIXES)
        for entry in tree
    ):
        return Start.DEFINED
    return Start.DERIVED if root_files(tree) else Start.UNKNOWN


def check_init(session: Session, plan: InitPlan) -> tuple[Check, ...]:
    """What is proposed, and whether HEAD would run with it."""
    resolved = session.source.resolve("HEAD")
    checks = would_run(session, resolved, plan.completed, replaced=plan.proposals.replaced)
    return (*plan.proposals.checks, *checks)


def write_init(root: Path, files: Mapping[str, str]) -> InitResult:
    """Write ``files`` below ``root``, each only if nothing of its name is there.

    Raises :class:`UsageError` where a file cannot be written (those before it stay), and in a bare repository.
    """
    if (root / "objects").is_dir() and (root / "HEAD").is_file():
        raise UsageError(
            "this is a bare repository: it has no files of its own",
            where=str(root),
            hint="run `previewer init` in a clone of it, commit and push",
        )
    written: list[str] = []
    kept: list[str] = []
    for path, text in sorted(files.items()):
        try:
            was_written = _write_new(root / path, text)
        except OSError as error:
            raise UsageError(f"the file cannot be written: {error.strerror}", where=path) from error
        (written if was_written else kept).append(path)
    return InitResult(tuple(written), tuple(kept))


def _write_new(target: Path, text: str) -> bool:
    """Whether ``target`` was written: not if anything, a dangling link included, has its name."""
    if target.exists() or target.is_symlink():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return True
