"""What goes wrong is told in a line and a hint, never as a traceback unless asked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from previewer.errors import DefinitionError
from tests.cli.runner import failing, run_cli


def test_defect_is_one_line() -> None:
    ran = run_cli("ls", open_session=failing(RuntimeError("odd\x1b[2J")))
    assert ran.code == 1
    assert ran.err == (
        "error: a bug in previewer: RuntimeError: odd\\x1b[2J\n"
        "hint: run the same command with --debug for the traceback, and report it\n"
    )


@pytest.mark.parametrize("arguments", [("--debug", "ls"), ("ls", "--debug")])
@pytest.mark.parametrize("error", [RuntimeError("odd"), DefinitionError("bad", where="compose.yaml:3:1")])
def test_debug_shows_the_traceback(arguments: tuple[str, ...], error: Exception) -> None:
    ran = run_cli(*arguments, open_session=failing(error))
    assert ran.code == 1
    assert ran.err.startswith("Traceback (most recent call last):\n")
    assert "error: " in ran.err


def test_hostile_error_text_stays_text() -> None:
    error = DefinitionError("two\nlines \x1b[31m", where="a\x07b:1", hint="h\x1b]0;x\x07", details=("d\ne\r",))
    assert run_cli("ls", open_session=failing(error)).err == (
        "error: a\\x07b:1: two\n  lines \\x1b[31m\n  d\n  e\\r\nhint: h\\x1b]0;x\\x07\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("lss",), "no such command: lss (did you mean ls?)", "see `previewer --help`"),
        (("ls", "--nope"), "no such option '--nope'", "see `previewer ls --help`"),
        (("url",), "missing argument 'ENVIRONMENT'", "see `previewer url --help`"),
        (
            ("promote", "main"),
            "missing option '--to'. Choose from: staging, production",
            "see `previewer promote --help`",
        ),
        (
            ("down",),
            "name environments, or say --all, --expired, --merged or --branch-gone",
            "`previewer ls` lists them",
        ),
        (
            ("down", "--all", "x"),
            "name environments, or say --all, --expired, --merged or --branch-gone",
            "`previewer ls` lists them",
        ),
        ((), "the terminal UI needs a terminal", "give a command, say `previewer ls`; `previewer --help` has all"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], message: str, hint: str) -> None:
    ran = run_cli(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err == f"error: {message}\nhint: {hint}\n"


def test_interrupt_while_reading() -> None:
    ran = run_cli("ls", open_session=failing(KeyboardInterrupt()))
    assert (ran.code, ran.err) == (130, "interrupted\n")


@pytest.mark.parametrize("arguments", [("completion", "zsh"), ("--help",), ("up", "--help")])
def test_reader_that_leaves_is_no_error(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        ended = subprocess.run(
            [sys.executable, "-m", "previewer", *arguments],
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_broken_pipe_of_an_engine_is_not_taken_for_a_reader_that_left() -> None:
    ran = run_cli("ls", open_session=failing(BrokenPipeError("engine")))
    assert ran.code == 1
    assert ran.err.startswith("error: a bug in previewer: BrokenPipeError: engine\n")
