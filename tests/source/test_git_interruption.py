"""A signal to our whole process group, as Ctrl-C sends it, does not end git in the middle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from previewer.git.command import GitCommand
from tests.source.repository import GitRepository

GROUP = ("-c", "alias.group=!echo $(ps -o pgid= -p $$)")
"""An alias that tells the process group that git runs in."""


@pytest.fixture
def command(tmp_path: Path) -> GitCommand:
    GitRepository(tmp_path).commit({"file": "one"})
    return GitCommand(str(tmp_path), *GROUP)


def test_git_is_in_no_group_of_ours(command: GitCommand) -> None:
    ours = os.getpgrp()
    (streamed,) = command.lines("group")
    assert ours not in (int(command.run("group")), int(streamed))
    process = command.start("cat-file", "--batch")
    assert os.getpgid(process.proc.pid) != ours  # type: ignore[union-attr]


def test_git_that_may_ask_for_a_passphrase_has_the_terminal(command: GitCommand) -> None:
    group, argument = command.run("group", "fetch").split()
    assert (int(group), argument) == (os.getpgrp(), b"fetch")
