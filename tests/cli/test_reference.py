"""docs/cli.md shows what ``--help`` prints, of every command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from previewer.cli.verbs import VERBS, LazyGroup
from tests.cli.runner import run_cli

REFERENCE = Path(__file__).parents[2] / "docs" / "cli.md"
_ROOT = re.compile(r"<!-- help -->\n(?:```text\n.*?```\n)?", re.DOTALL)
_VERBS = re.compile(r"<!-- helps -->\n.*\Z", re.DOTALL)


def test_reference_is_what_help_prints(updates_goldens: bool) -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    sections = [f"\n### previewer {' '.join(words)}\n\n{_block(*words, '--help')}" for words in _commands()]
    expected = _ROOT.sub(lambda _: f"<!-- help -->\n{_block('--help')}", text)
    expected = _VERBS.sub(lambda _: "<!-- helps -->\n" + "".join(sections), expected)
    if updates_goldens:
        REFERENCE.write_text(expected, encoding="utf-8")
        text = expected
    assert text == expected


def _commands() -> Iterator[tuple[str, ...]]:
    for verb in VERBS:
        if not verb.is_hidden:
            yield (verb.name,)
            command = verb.load()
            yield from ((verb.name, name) for name in (command.verbs if isinstance(command, LazyGroup) else ()))


def _block(*arguments: str) -> str:
    return f"```text\n{run_cli(*arguments).out}```\n"
