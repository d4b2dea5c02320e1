"""What git complains of, told as what it is, with what helps."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from previewer.errors import NoRepositoryError, SourceError

MINIMUM_VERSION = (2, 33)
"""The oldest git: ``rev-list --no-commit-header`` came with it, the youngest of what is used."""
_DISTRUSTED = re.compile(r"safe\.directory (?P<path>.+)$", re.MULTILINE)
_NO_REPOSITORY = re.compile(r"not a git repository: (?:'(?P<quoted>.+)'|(?P<plain>/.+))$", re.MULTILINE)


def refuse_unusable(complaint: str, path: str) -> None:
    """Raise :class:`SourceError` where ``complaint`` says that the repository at ``path`` cannot be used."""
    if "dubious ownership" in complaint:
        raise _distrusted(complaint, path)
    if "promisor remote" in complaint:
        raise SourceError(
            "this is a partial clone, and its remote does not answer for what is missing here",
            where=path,
            hint="check that the remote can be reached; branches that were fetched before are still available",
            details=_causes(complaint),
        )
    if (match := _NO_REPOSITORY.search(complaint)) is not None:
        raise _elsewhere(Path(match["quoted"] or match["plain"]), path)
    if "not a git repository" in complaint or "cannot use bare repository" in complaint:
        raise NoRepositoryError(
            first_cause(complaint) or "not a git repository",
            where=str(Path(path).resolve()),
            hint="change into a git repository, say --repo PATH, or make one: git init",
        )
    if "cannot change to" in complaint:
        raise NoRepositoryError("there is no such folder", where=path)


def first_cause(complaint: str) -> str | None:
    """Why a command failed, in git's own words: the first line that is no warning."""
    return next(iter(_causes(complaint)), None)


def full_disk_hint(complaint: str) -> str | None:
    """What helps where git could not write for want of room; ``None`` for any other complaint of git's."""
    is_full = any(word in complaint for word in ("No space left", "quota exceeded"))
    return "free some space; `previewer down` and `previewer prune` need none" if is_full else None


def is_forbidden(complaint: str) -> bool:
    """Whether git may not write, which no time mends."""
    return any(word in complaint for word in ("ermission denied", "insufficient permission", "create directory"))


def writing_hint(complaint: str, folder: Path) -> str | None:
    """What helps where git could not write into its ``folder``: room, or the right owner."""
    if (hint := full_disk_hint(complaint)) is not None:
        return hint
    if not is_forbidden(complaint):
        return None
    foreign = next((path for path in _written(folder) if not os.access(path, os.W_OK)), None)
    if foreign is None:
        return None
    owner, user = _user_name(foreign.stat().st_uid), _user_name(os.geteuid())
    return f"{foreign} belongs to {owner}, and you are {user}: sudo chown -R {user} {shlex.quote(str(folder))}"


def _written(folder: Path) -> Iterator[Path]:
    """What git writes to, the folders that most often have another owner first."""
    yield from (folder, folder / "objects", folder / "refs")
    yield from chain((folder / "objects").glob("[0-9a-f][0-9a-f]"), (folder / "refs").rglob("*"))
    yield from (path for path in (folder / "previewer").rglob("*") if path.is_dir())


def _user_name(number: int) -> str:
    try:
        import pwd  # where there are owners, there is this

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)


def _causes(complaint: str) -> tuple[str, ...]:
    lines = (line for line in complaint.splitlines() if line.strip())
    causes = (line for line in lines if not line.startswith(("warning:", "hint:")))
    return tuple(line.removeprefix("fatal: ").removeprefix("error: ") for line in causes)


def _distrusted(complaint: str, path: str) -> SourceError:
    """The path must be the one that git compares, which is not where previewer was started."""
    named = _DISTRUSTED.search(complaint)
    folder = named["path"].strip() if named else shlex.quote(str(Path(path).resolve()))
    variables = f"GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0={folder}"
    return SourceError(
        "git refuses this repository because another user owns it",
        where=str(Path(path).resolve()),
        hint=f"if you trust it: git config --global --add safe.directory {folder}; without a home: {variables}",
    )


def _elsewhere(git_folder: Path, path: str) -> NoRepositoryError:
    """A linked worktree (or submodule) whose repository is not where its ``.git`` file says."""
    whole = git_folder.parent.parent if git_folder.parent.name == "worktrees" else git_folder
    return NoRepositoryError(
        f"this working tree belongs to a repository that is not here: {git_folder}",
        where=str(Path(path).resolve()),
        hint=f"in a container, mount {whole} at the same path as on the host; after a move: git worktree repair",
    )
