"""Reads the imports of a source file without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "previewer"


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file of the package."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


def room_of(file: Path) -> str:
    """The folder directly below the package that ``file`` is in; ``""`` for a file of the package itself."""
    parts = file.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def place_of(file: Path) -> str:
    """Where ``file`` is below the package: ``domain/labels.py``."""
    return file.relative_to(PACKAGE).as_posix()


@cache
def text_without_comments(file: Path) -> str:
    """What ``file`` says to Python, docstrings left out."""
    text = re.sub(r'"""(?:.|\n)*?"""', "", file.read_text(encoding="utf-8"))
    return re.sub(r"#.*", "", text)


@cache
def imported(file: Path) -> frozenset[str]:
    """Every module that ``file`` names in an import statement, anywhere in it, and what it takes from each."""
    return frozenset(_names(ast.parse(file.read_text(encoding="utf-8"))))


@cache
def imported_late(file: Path) -> frozenset[str]:
    """The modules that functions of ``file`` import when they are called."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inner = [node for function in functions for node in ast.walk(function)]
    whole = {node.module for node in inner if isinstance(node, ast.ImportFrom) and node.module}
    return frozenset(
        whole | {alias.name for node in inner if isinstance(node, ast.Import) for alias in node.names}
    )


def rooms_imported(file: Path) -> set[str]:
    """The rooms of the package that ``file`` imports from."""
    return {name.split(".")[1] for name in imported(file) if name.startswith("previewer.")}


def foreign_imported(file: Path) -> set[str]:
    """The top-level packages other than ours that ``file`` imports."""
    return {name.split(".", 1)[0] for name in imported(file)} - {"previewer", "__future__"}


def import_graph(package: Path) -> dict[str, set[str]]:
    """By module, the modules of the same package that it imports, at once, late, or for its types only."""
    files = {_module_name(file, package): file for file in sorted(package.rglob("*.py"))}
    return {name: set(imported(file) & files.keys()) for name, file in files.items()}


def _module_name(file: Path, package: Path) -> str:
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
