"""The branches of a clone: whether any has changed, fetching them, and what is known of each."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import BranchView
from previewer.errors import NotFoundError, SourceError
from previewer.git.command import GitCommand, run_network_command
from previewer.git.configuration import GitSettings
from previewer.git.output import HEADS, REMOTES
from previewer.source.revisions import strip_remote

PLACES = ("refs/heads", "refs/remotes", "reftable")
"""Below the repository's common folder: loose references, and the tables that may stand in their place."""
FILES = ("packed-refs", "HEAD")


def refs_fingerprint(folder: Path) -> str:
    """A digest of the times and sizes of all files that hold references.

    Git writes a reference into a new file and renames it, so that each change has another time and inode.
    """
    digest = hashlib.sha256()
    for path in _files(folder):
        try:
            status = path.stat()
        except OSError:  # removed while we look: the next look sees that
            continue
        digest.update(
            f"{path}\0{status.st_mtime_ns}\0{status.st_size}\0{status.st_ino}\n".encode("utf-8", "replace")
        )
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in FILES)
    for place in PLACES:
        for parent, folders, files in os.walk(folder / place):
            folders.sort()
            yield from (Path(parent, name) for name in sorted(files))


PATCH = ("--no-ext-diff", "--no-textconv", "--no-renames", "--full-index")
MOST_COMMITS = 500
"""Commits of the default branch in which a squashed branch is looked for, since it was forked off."""
MOST_PATHS = 500
MOST_PATCH_BYTES = 8 * 1024 * 1024
LOW_SPEED = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30")
"""A server that stops in the middle is given up after half a minute."""


def fetch_branches(command: GitCommand, settings: GitSettings, remote: str, *, cancellation: Cancellation) -> None:
    """Update ``refs/remotes/REMOTE/`` to what the remote has, whatever part of it the clone was made for.

    Raises :class:`NotFoundError` for no such remote, :class:`SourceError` where it does not answer, and
    :class:`CancelledError` as soon as cancellation is requested.
    """
    if remote not in settings.remotes:
        known = ", ".join(settings.remotes) or "none"
        raise NotFoundError("there is no such remote", where=remote, hint=f"there is {known}")
    answer = run_network_command(
        command,
        *LOW_SPEED,
        "fetch",
        "--quiet",
        "--prune",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        remote,
        f"+{HEADS}*:{REMOTES}{remote}/*",
        f"^{HEADS}HEAD",  # through the remote's symbolic HEAD it would write the default branch
        cancellation=cancellation,
    )
    if answer.code:
        raise SourceError(f"its branches could not be fetched: {answer.reason}", where=remote)


About = Callable[[str], bool]
Tips = Mapping[str, str]
"""Commits by full reference."""


class GitBranchView:
    """Looks at one repository's branches, in a number of git processes that does not grow with theirs."""

    def __init__(self, command: GitCommand, settings: GitSettings, folder: Path) -> None:
        """``folder`` is the repository's common one, which has its reflogs."""
        self._command = command
        self._settings = settings
        self._folder = folder

    def read(self, *, default: str | None, remote: str | None, about: About) -> BranchView:
        """One look. ``about`` says of which branches it matters whether they are merged."""
        tips = self._tips()
        followed = HEADS if remote is None else f"{REMOTES}{remote}/"
        return BranchView(
            tips={name.removeprefix(followed): tip for name, tip in tips.items() if name.startswith(followed)},
            known=frozenset(self._branch(name) for name in tips),
            merged=self._merged(tips, default, about) if default else frozenset(),
            default=default,
            is_complete=self._is_complete(fetched=remote),
        )

    def _tips(self) -> dict[str, str]:
        form = "--format=%(refname)%00%(objectname)%00%(symref)"
        lines = self._command.text("for-each-ref", form, HEADS, REMOTES).splitlines()
        records = (line.split("\0") for line in lines)
        return {name: tip for name, tip, symref in records if not (symref and name.startswith(REMOTES))}

    def _branch(self, name: str) -> str:
        if name.startswith(HEADS):
            return name.removeprefix(HEADS)
        return strip_remote(name.removeprefix(REMOTES), self._settings.remotes)

    def _merged(self, tips: Tips, default: str, about: About) -> frozenset[str]:
        """Those whose every tip is in the default branch, and of which one was ever somewhere else.

        A branch that was only just made has the default branch's own commit as its tip.
        """
        bases = dict.fromkeys(tip for name, tip in tips.items() if self._branch(name) == default)
        of_branch: dict[str, list[str]] = {}
        for name in tips:
            if (branch := self._branch(name)) != default and about(branch):
                of_branch.setdefault(branch, []).append(name)
        if not bases or not of_branch:
            return frozenset()
        inside = {name for base in bases for name in self._contained(base)}
        candidates = {branch: names for branch, names in of_branch.items() if inside.issuperset(names)}
        squashed = {
            branch
            for branch, names in of_branch.items()
            if branch not in candidates
            and all(any(self._is_squashed(tip, base) for base in bases) for tip in {tips[name] for name in names})
        }
        on_the_line = set(self._first_parents(bases, {tips[n] for names in candidates.values() for n in names}))
        return frozenset(squashed) | frozenset(
            branch
            for branch, names in candidates.items()
            if any(tips[name] not in on_the_line or self._has_moved(name, tips[name]) for name in names)
        )

    def _is_squashed(self, tip: str, base: str) -> bool:
        """Whether a commit of the default branch has all that the branch changed, as one patch."""
        answer = self._command.ask("merge-base", base, tip)
        if answer.code:
            return False
        fork = answer.text.strip()
        patch = self._command.run("diff-tree", "-p", *PATCH, fork, tip)
        changed = self._command.run("diff-tree", "-r", "-z", "--name-only", fork, tip)
        paths = [f":(literal){path}" for path in changed.decode("utf-8", "surrogateescape").split("\0") if path]
        if not patch or len(patch) > MOST_PATCH_BYTES or len(paths) > MOST_PATHS:
            return False
        later = ("log", "-p", *PATCH, "--no-merges", f"--max-count={MOST_COMMITS}", f"{fork}..{base}", "--")
        patch_ids, theirs = self._patch_ids(patch), self._patch_ids(self._command.run(*later, *paths))
        return bool(patch_ids) and patch_ids <= theirs

    def _patch_ids(self, patches: bytes) -> frozenset[bytes]:
        """What patches change, wherever it is and by any author (git-patch-id(1))."""
        lines = self._command.run("patch-id", "--stable", input_bytes=patches).splitlines()
        return frozenset(line.partition(b" ")[0] for line in lines)

    def _contained(self, base: str) -> Iterator[str]:
        form = "--format=%(refname)"
        yield from self._command.text("for-each-ref", form, f"--merged={base}", HEADS, REMOTES).splitlines()

    def _first_parents(self, bases: Iterable[str], commits: set[str]) -> Iterator[str]:
        """Which of ``commits`` are commits that the default branch itself was once at."""
        for base in bases if commits else ():
            for line in self._command.run("rev-list", "--first-parent", base).split():
                if (commit := line.decode()) in commits:
                    yield commit

    def _has_moved(self, name: str, tip: str) -> bool:
        """Whether the branch was at another commit when it was made (or first fetched), as its reflog has it.

        The first line of a reflog says it, and reading that takes no process: there may be many branches.
        """
        try:
            with (self._folder / "logs" / name).open("rb") as log:
                fields = log.readline(1024).split(b" ", 2)
        except OSError:
            return False
        return len(fields) == 3 and fields[1].decode("ascii", "replace") != tip

    def _is_complete(self, *, fetched: str | None) -> bool:
        """Whether a branch that is not here is nowhere. ``fetched``: a remote all of whose branches are here."""
        if self._settings.is_store:  # it has releases, and no branch at all
            return False
        others = [name for name in self._settings.remotes if name != fetched]
        if not others:
            return True
        if self._command.ask("rev-parse", "--is-shallow-repository").output.strip() == b"true":
            return False
        return all(self._fetches_all(name) for name in others)

    def _fetches_all(self, remote: str) -> bool:
        answer = self._command.ask("config", "--get-all", f"remote.{remote}.fetch")
        return any(line.lstrip(b"+").startswith(b"refs/heads/*:") for line in answer.output.splitlines())
