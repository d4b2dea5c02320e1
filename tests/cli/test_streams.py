"""Standard output has one writer, standard error its diagnostics and renderers: read from the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import previewer

ROOM = Path(previewer.__file__).parent / "cli"
SOURCES = sorted(ROOM.rglob("*.py"))
WRITERS = {"output.py", "diagnostics.py", "folded.py", "github.py"}
HOLDERS = {"main.py"}
"""Where the process's streams are taken from, to be handed on."""


def _attribute_names(tree: ast.AST) -> set[str]:
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _calls(tree: ast.AST) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOM)))
def test_only_the_writers_write(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = _calls(tree)
    assert not calls & {"print", "click.echo", "click.secho", "click.prompt", "click.confirm"}
    if path.name not in HOLDERS:
        assert not _attribute_names(tree) & {"sys.stdout", "sys.stderr", "sys.stdin"}
    if path.name not in WRITERS:
        # formatter.write… builds the text of --help; click prints it.
        written = {call for call in calls if call.endswith((".write", ".writelines"))}
        assert written <= {"self._stream.write"}
        assert not written or path.parent.name == "progress"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOM)))
def test_modules_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 260
