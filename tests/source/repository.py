"""Real git repositories in a folder, the same each time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from previewer.source.git import GitSource

Opener = Callable[[Path], GitSource]
"""Opens the repository in a folder for one test."""
FIRST_MOMENT = 1_700_000_000
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}


class GitRepository:
    """A repository whose commits are a minute apart, by Ada."""

    def __init__(self, path: Path, *options: str) -> None:
        """Make it; ``options`` are those of ``git init``."""
        self.path = path
        self._timestamp = FIRST_MOMENT
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str, input_text: str = "") -> str:
        """Run git here; what it printed."""
        timestamp = f"{self._timestamp} +0000"
        identity = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", timestamp))
        }
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        answer = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env={**CLEAN, **identity, **settings},
            input=input_text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    def commit(self, files: Mapping[str, str | bytes] | None = None, *, subject: str = "change") -> str:
        """Write ``files``, add them and what was added before, and commit; the commit's id."""
        for name, content in (files or {}).items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
            self.git("add", "--", name)
        self._timestamp += 60
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")

    @property
    def ledger(self) -> Path:
        """Where this clone's own part of the ledger is, once something was noted."""
        return self.path / ".git/previewer"

    def ledger_git(self, *arguments: str, input_text: str = "") -> str:
        """Run git in this clone's own part of the ledger; what it printed."""
        return self.git(f"--git-dir={self.ledger}", *arguments, input_text=input_text)

    def refuse_objects(self) -> None:
        """Let git write no object any more, as on a full disk: files stand where its folders would be."""
        self.git("gc", "--quiet", "--prune=now")
        if self.ledger.exists():
            self.ledger_git("gc", "--quiet", "--prune=now")
        else:
            self.ledger.touch()
        for objects in (self.path / ".git/objects", self.ledger / "objects"):
            for number in range(256 if objects.exists() else 0):
                (objects / f"{number:02x}").touch()
