"""Reads the imports of a source file without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "previewer"


def modules() -> tuple[Path, ...]:
    """Every Python file of the package."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


def room_of(file: Path) -> str:
    """The folder directly below the package that ``file`` is in; ``""`` for a file of the package itself."""
    parts = file.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def imported(file: Path) -> Iterator[str]:
    """Every module that ``file`` names in an import statement, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(file: Path) -> set[str]:
    """The rooms of the package that ``file`` imports from."""
    return {name.split(".")[1] for name in imported(file) if name.startswith("previewer.")}


def foreign_imported(file: Path) -> set[str]:
    """The top-level packages other than ours that ``file`` imports."""
    return {name.split(".", 1)[0] for name in imported(file)} - {"previewer", "__future__"}
