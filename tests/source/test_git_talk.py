from __future__ import annotations

import threading
from pathlib import Path

import pytest

from previewer.domain.cancellation import Cancellation
from previewer.errors import CancelledError, SourceError
from previewer.git.command import GitCommand, run_network_command
from previewer.source.git import GitSource
from tests.source.repository import GitRepository


@pytest.fixture
def hanging(tmp_path: Path) -> GitRepository:
    """Its remote says nothing, for longer than any test takes."""
    made = GitRepository(tmp_path / "shop")
    made.commit({"a": "1"})
    made.git("remote", "add", "origin", "ssh://git@example.org/shop.git")
    made.git("config", "core.sshCommand", "sh -c 'exec sleep 1000' ssh")
    return made


def test_a_remote_that_hangs_is_left_as_soon_as_it_is_requested(hanging: GitRepository) -> None:
    cancellation = Cancellation()
    timer = threading.Timer(0.2, cancellation.request)
    timer.start()
    with pytest.raises(CancelledError):
        GitSource(hanging.path).fetch("origin", cancellation=cancellation)


def test_a_remote_that_hangs_is_given_up(hanging: GitRepository) -> None:
    command = GitCommand(str(hanging.path))
    with pytest.raises(SourceError, match="did not come to its end within"):
        run_network_command(command, "fetch", "origin", cancellation=Cancellation(), seconds=0.2)


def test_what_git_complains_about_is_kept(hanging: GitRepository) -> None:
    answer = run_network_command(GitCommand(str(hanging.path)), "fetch", "nowhere", cancellation=Cancellation())
    assert answer.code
    assert "nowhere" in answer.complaint
