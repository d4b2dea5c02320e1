"""A repository without a commit: that is said, and nothing else is blamed for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from previewer.source.git import GitSource
from previewer.testing.memory.session import memory_session
from tests.worlds.tui import terminal_of


async def test_a_repository_without_commits_is_no_fault_of_the_engine(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", str(tmp_path)], check=True)
    async with terminal_of(memory_session(source=GitSource(str(tmp_path)))) as terminal:
        await terminal.until_shown("been committed yet", "0 branches · 0 up", "Memory")
        assert "no engine" not in terminal.text
        assert "✖" not in terminal.text
