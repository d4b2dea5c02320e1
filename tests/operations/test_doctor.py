"""``doctor`` where there is nothing yet."""

from __future__ import annotations

import subprocess
from pathlib import Path

from previewer.domain.policy.check import Verdict
from previewer.operations.doctor import examine
from previewer.session.open_session import open_session


def test_a_repository_without_commits_is_a_warning_and_the_engine_is_looked_at_all_the_same(
    tmp_path: Path,
) -> None:
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", str(tmp_path)], check=True)
    nowhere = f"unix://{tmp_path}/missing.sock"
    with open_session(str(tmp_path), docker_host=nowhere, environment={"HOME": str(tmp_path)}) as session:
        checks = {check.name: check for check in examine(session)}
    assert checks["repository"].verdict is Verdict.WARNING
    assert checks["repository"].hint == "make a commit: previewer reads nothing but commits"
    assert checks["engine"].verdict is Verdict.FAILED
    assert "definitions" not in checks
