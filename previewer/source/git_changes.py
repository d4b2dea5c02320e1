"""What lies between two commits: the commits themselves, and the files that differ."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.file_change import Change, FileChange
from previewer.domain.revision import Commit, is_object_id
from previewer.source.git_command import GitCommand
from previewer.source.git_objects import read_many
from previewer.source.git_records import COMMIT_FORMAT, parse_commit_object, parse_commits

_CHANGES = {"A": Change.ADDED, "D": Change.REMOVED}
"""By the letter of git-diff-tree(1); every other one is a change."""


class GitChanges:
    """Compares commits of one repository, each by its full id."""

    def __init__(self, command: GitCommand) -> None:
        self._command = command

    def find_commit(self, commit: str) -> Commit | None:
        """A commit; ``None`` where the repository has not got it."""
        if not is_object_id(commit):
            return None
        found = read_many(self._command, [f"{commit}^{{commit}}"])[0]
        return parse_commit_object(found.id, found.content) if found is not None else None

    def commits_between(self, old: str, new: str, *, limit: int) -> tuple[Commit, ...]:
        """The newest commits that ``new`` contains and ``old`` does not, newest first."""
        output = self._command.run(
            "rev-list", "--no-commit-header", f"--format={COMMIT_FORMAT}", f"--max-count={limit}", new, f"^{old}"
        )
        return parse_commits(output)

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
        found = parse_changes(output)
        return tuple(sorted(found, key=lambda change: change.path))


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
