"""What shells are told, and that they are told nothing where anything fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from unittest.mock import patch

import pytest

from previewer.cli.main import COMPLETION_VARIABLE
from previewer.errors import EngineUnreachableError
from tests.cli.runner import failing, run_cli
from tests.worlds.cli import World


def complete(world: World, *words: str) -> list[str]:
    """What bash is offered for the last of ``words``."""
    asked = {"COMP_WORDS": " ".join(("previewer", *words)), "COMP_CWORD": str(len(words))}
    with patch.dict(os.environ, asked):  # click reads them itself
        ran = world.run(environment={COMPLETION_VARIABLE: "bash_complete"})
    assert ran.err == ""
    return [line.split(",", 1)[1] for line in ran.out.splitlines()]


@pytest.fixture
def world() -> World:
    made = World()
    made.up("main")
    return made


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("st",), ["status"]),
        (("up", "feat"), ["feature/guest-book"]),
        (("status", "sh"), ["shop-main"]),
        (("status", "ma"), ["main"]),
        (("down", "sh"), ["shop-main"]),
        (("down", "shop-main", "sh"), []),
        (("logs", "main", ""), ["api", "web"]),
        (("logs", "main", "web", ""), ["api"]),
        (("url", "shop-main", "w"), ["web"]),
        (("open", "nowhere", ""), []),
        (("ls", "--every"), ["--everywhere"]),
        (("ls", "--re"), ["--repo"]),
        (("up", "--role", "s"), ["staging"]),
        (("completion", "z"), ["zsh"]),
    ],
)
def test_words(words: tuple[str, ...], offered: list[str], world: World) -> None:
    assert complete(world, *words) == offered


def test_names_that_a_shell_would_trip_over_are_not_offered(world: World) -> None:
    assert all(name.isprintable() for name in complete(world, "up", "feature/"))


@pytest.mark.parametrize("error", [EngineUnreachableError("down"), OSError("gone"), RuntimeError("odd")])
def test_failures_are_silent(error: Exception) -> None:
    with patch.dict(os.environ, {"COMP_WORDS": "previewer status s", "COMP_CWORD": "2"}):
        ran = run_cli(open_session=failing(error), environment={COMPLETION_VARIABLE: "bash_complete"})
    assert (ran.out, ran.err) == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_ones_that_the_shell_reads(shell: str) -> None:
    ran = run_cli("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert f"{COMPLETION_VARIABLE}={shell}_complete" in ran.out
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=ran.out, text=True, check=True, timeout=20)


def test_shell_is_taken_from_the_environment() -> None:
    assert run_cli("completion", environment={"SHELL": "/usr/bin/fish"}).out == run_cli("completion", "fish").out
    assert run_cli("completion", environment={"SHELL": "/bin/tcsh"}).code == 2
