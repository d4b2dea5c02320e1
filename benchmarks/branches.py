"""A repository with very many branches."""

from __future__ import annotations

import subprocess
from pathlib import Path

FIRST_MOMENT = 1_700_000_000


def make_branches(folder: Path, count: int, *, packed: bool) -> Path:
    """Make a repository with ``count`` branches, each with a commit of its own; packed or loose references."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(folder)], check=True)
    commits = "".join(_commit(number) for number in range(count))
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet"], input=commits.encode(), check=True)
    if packed:
        subprocess.run(["git", "-C", str(folder), "pack-refs", "--all"], check=True)
    return folder


def _commit(number: int) -> str:
    """A commit for ``git fast-import``."""
    reference = f"refs/heads/feature/{number % 100:02}/topic-{number:05}" if number else "refs/heads/main"
    who = f"Ada <ada@example.org> {FIRST_MOMENT + number} +0000"
    parent = "from refs/heads/main\n" if number else ""
    return f"commit {reference}\nauthor {who}\ncommitter {who}\ndata <<END\nChange {number}\nEND\n{parent}\n"
