"""What goes wrong is told in a line and a hint, never as a traceback unless asked."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

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
        *(
            (words, "--with ssh takes a HOST, and nothing else takes one", "share main --with ssh HOST")
            for words in (
                ("share", "main", "--with", "ssh"),
                ("share", "main", "host"),
                ("share", "main", "host", "--with", "tailscale"),
                ("share", "main", "--port", "80"),
            )
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
        (
            (),
            "the terminal UI needs a terminal",
            "give a command, such as `previewer ls`; `previewer --help` lists all",
        ),
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


def limited(arguments: str, *, stdout: str = "/dev/null", files: int = 1024) -> subprocess.CompletedProcess[str]:
    """A real process with few files to open, or with nowhere to write to; in this repository."""
    command = f"ulimit -n {files}; exec {shlex.quote(sys.executable)} -m previewer {arguments}"
    with Path(stdout).open("w", encoding="utf-8") as out:
        return subprocess.run(
            ["sh", "-c", command], stdout=out, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "arguments", ["branches", "branches -o json", "config", "--help", "--version", "up --help"]
)
def test_a_full_disk_behind_standard_output_is_one_plain_error(arguments: str) -> None:
    ended = limited(arguments, stdout="/dev/full")
    assert ended.returncode == 1
    first, hint = ended.stderr.splitlines()
    assert first.startswith("error: ")
    assert first.endswith("no space left on device")
    assert hint == "hint: free some space where it is written to, and try again"


@pytest.mark.parametrize("files", [5, 6, 7, 8, 9, 10, 12, 14])
@pytest.mark.parametrize("arguments", ["branches", "config", "releases"])
def test_too_few_open_files_are_one_plain_error(arguments: str, files: int) -> None:
    ended = limited(arguments, files=files)
    if ended.returncode:
        first, hint = ended.stderr.splitlines()
        assert first.startswith("error: ")
        assert first.endswith("too many open files")
        assert "ulimit -n 1024" in hint
    else:
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_closed_streams_change_no_outcome(closed: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m previewer"
    for arguments, code in (("branches", 0), ("--help", 0), ("no-such-verb", 2)):
        ended = subprocess.run(["sh", "-c", f"{command} {arguments} {closed}"], check=False, timeout=60)
        assert ended.returncode == code, arguments
