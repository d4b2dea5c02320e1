"""Trees and commits made of objects alone: no index and no working tree is touched."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.errors import SourceError
from previewer.git.command import GitCommand

COMMIT_HINT = "`git commit` in this repository needs the same: user.name, user.email, and a key where it signs"
_FILE, _FOLDER = "100644 blob", "040000 tree"


def tree_with(command: GitCommand, tree: str, files: Mapping[str, str]) -> str:
    """The id of a tree with everything of ``tree`` (an id; empty for nothing) and ``files``, texts by path.

    A file that is there keeps its mode. Raises :class:`SourceError`.
    """
    listing = command.text("ls-tree", "-z", tree) if tree else ""
    entries = {name: about for about, _, name in (one.partition("\t") for one in listing.split("\0") if one)}
    folders: dict[str, dict[str, str]] = {}
    for path, text in files.items():
        folder, is_deeper, rest = path.partition("/")
        if is_deeper:
            folders.setdefault(folder, {})[rest] = text
        else:
            blob = command.run("hash-object", "-w", "--stdin", input_bytes=text.encode()).decode().strip()
            kind = entries.get(path, _FILE).rpartition(" ")[0]
            entries[path] = f"{kind if kind.endswith('blob') else _FILE} {blob}"
    for folder, inside in folders.items():
        kind, _, below = entries.get(folder, "").rpartition(" ")
        entries[folder] = f"{_FOLDER} {tree_with(command, below if kind == _FOLDER else '', inside)}"
    lines = "".join(f"{about}\t{name}\0" for name, about in entries.items())
    return command.run("mktree", "-z", input_bytes=lines.encode("utf-8", "surrogateescape")).decode().strip()


def commit_to_branch(
    command: GitCommand, branch: str, base: str, files: Mapping[str, str], *, message: str
) -> str:
    """The id of a commit upon ``base`` that has ``files`` too, the tip of ``branch`` from now on.

    By git's user and signed where ``commit.gpgsign`` says so. Raises :class:`SourceError`: also where the branch
    is checked out, here or in another working tree.
    """
    tree = tree_with(command, f"{base}^{{tree}}", files)
    signing = command.ask("config", "--type=bool", "--get", "commit.gpgsign").text.strip() == "true"
    sign = ("-S",) if signing else ()
    answer = command.ask("commit-tree", *sign, "-p", base, "-m", message, tree)
    if answer.code:
        raise SourceError(f"git cannot commit: {answer.reason}", where=command.path, hint=COMMIT_HINT)
    commit = answer.text.strip()
    command.run("branch", "--no-track", "--force", branch, commit)
    return commit
