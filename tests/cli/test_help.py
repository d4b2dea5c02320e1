"""``--help`` is complete, and cheap: it imports no command and no library that it does not show."""

from __future__ import annotations

import shlex
import subprocess
import sys

import click
import pytest

from previewer import __version__
from previewer.cli.examples import EXAMPLES
from previewer.cli.main import root
from previewer.cli.options import VerbCommand, global_options
from previewer.cli.verbs import VERBS
from tests.cli.runner import run_cli

VISIBLE = [verb for verb in VERBS if not verb.is_hidden]
NEVER = (
    "textual",
    "rich",
    "docker",
    "git",
    "yaml",
    "jsonschema",
    "asyncio",
    "importlib.metadata",
    "previewer.operations",
)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("no-such",), *((verb.name, "--help") for verb in VISIBLE)]
)
def test_help_imports_nothing_it_does_not_show(arguments: tuple[str, ...]) -> None:
    program = (
        "import sys; from previewer.cli.main import main; main(sys.argv[1:]); "
        "print('MODULES', *sorted(sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    modules = set(ended.stderr.rsplit("MODULES ", 1)[1].split())
    assert "click" in modules
    assert not [name for name in NEVER if name in modules]
    if arguments[0] == "--help":
        assert not [name for name in modules if name.startswith("previewer.cli.commands")]


@pytest.mark.parametrize("example", [line for lines in EXAMPLES.values() for line in lines])
def test_examples_are_command_lines(example: str) -> None:
    words = shlex.split(example.removeprefix('eval "$(').removesuffix(')"'))
    assert words[0] == "previewer"
    command = root.get_command(click.Context(root), words[1])
    assert isinstance(command, VerbCommand)
    assert example in run_cli(words[1], "--help").out
    with command.make_context(words[1], words[2:]) as context:
        assert context.params


def test_examples_are_of_commands() -> None:
    assert set(EXAMPLES) <= {verb.name for verb in VISIBLE}


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_table_says_what_the_command_says(verb: object) -> None:
    row = next(v for v in VERBS if v is verb)
    command = row.load()
    assert command.name == row.name
    assert (command.help or "").split("\n")[0] == row.summary


@pytest.mark.parametrize("verb", VISIBLE, ids=lambda verb: verb.name)
def test_every_verb_takes_the_global_options(verb: object) -> None:
    row = next(v for v in VERBS if v is verb)
    command = root.get_command(click.Context(root), row.name)
    assert command is not None
    names = [parameter.name for parameter in command.params]
    assert names[-len(global_options()) :] == [parameter.name for parameter in global_options()]
    options = [option for parameter in command.params for option in parameter.opts]
    assert len(options) == len(set(options)), "one spelling, one meaning"
    assert all(getattr(p, "help", "") for p in command.params if isinstance(p, click.Option))


def test_version() -> None:
    assert run_cli("--version").out == f"previewer {__version__}\n"


def test_help_lists_every_verb() -> None:
    out = run_cli("--help").out
    width = max(len(verb.name) for verb in VISIBLE)
    assert all(f"\n  {verb.name.ljust(width)}  {verb.summary}\n" in out for verb in VISIBLE)
    assert "__complete" not in out
