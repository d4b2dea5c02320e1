"""The lists of files in "Your first change" are those that the examples really stand in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from previewer.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\n## Your first change\n")[2]
CHANGES = {
    title: (body, re.findall(r"^- `([^`]+)`", body, re.MULTILINE))
    for title, body in re.findall(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", SECTION, re.MULTILINE | re.DOTALL)
}
MOST = 5


@pytest.mark.parametrize("title", CHANGES)
def test_the_files_are_those_of_the_example(title: str) -> None:
    body, files = CHANGES[title]
    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert len(files) <= MOST
    (example,) = re.findall(r"\(`([\w-]+)`\)", body)
    listed = {file for file in files if file.startswith("previewer/")}
    assert _standing_in(example) <= listed
    assert all(example in (ROOT / file).read_text(encoding="utf-8") for file in files if file.startswith("tests/"))


def test_every_kind_of_change_is_there() -> None:
    assert list(CHANGES) == ["A verb", "A setting", "A Compose key", "A policy rule", "A screen"]
    assert "audit" in {verb.name for verb in VERBS}


def _standing_in(example: str) -> set[str]:
    """The files of the product that name it: of a verb, those that name its modules."""
    module = rf"(?:operations|commands)\.{example}\b|, \"{example}\"\)"
    pattern = re.compile(module if (ROOT / f"previewer/operations/{example}.py").is_file() else rf"\b{example}\b")
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "previewer").rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    }
