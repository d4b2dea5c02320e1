"""``doctor`` where there is nothing yet, and what it makes of a look from nodes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from previewer.domain.engine.nodes import NodesReport
from previewer.domain.policy.check import Verdict
from previewer.operations.doctor import examine, judge_nodes
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


WELL = NodesReport(ready=("a", "b"))


@pytest.mark.parametrize(
    ("found", "check", "verdict", "detail"),
    [
        (WELL, "nodes", Verdict.OK, "2 nodes, all ready"),
        (replace(WELL, others={"c": "down"}), "nodes", Verdict.WARNING, "2 nodes ready; not c (down)"),
        (WELL, "registry", Verdict.OK, "every node pulled an image and ran it"),
        (replace(WELL, not_run={"b": "No such image"}), "registry", Verdict.FAILED, "b: No such image"),
        (replace(WELL, unreached=("a", "b")), "published ports", Verdict.WARNING, "a; b"),
        (replace(WELL, cut=(("a", "b"),)), "overlay", Verdict.FAILED, "a → b"),
        (replace(WELL, shortened=(("b", "a"),)), "overlay MTU", Verdict.FAILED, "b → a"),
        (WELL, "virtual addresses", Verdict.OK, "answer on every node"),
        (replace(WELL, no_virtual=("a",)), "virtual addresses", Verdict.WARNING, "do not answer on a"),
    ],
)
def test_what_was_seen_from_nodes(found: NodesReport, check: str, verdict: Verdict, detail: str) -> None:
    checks = {one.name: one for one in judge_nodes(found)}
    assert checks[check].verdict is verdict
    assert detail in checks[check].detail
    assert bool(checks[check].hint) is (verdict is not Verdict.OK)
    assert [name for name, one in checks.items() if one.verdict is not Verdict.OK] in ([], [check])
