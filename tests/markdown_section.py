"""Sections of documents that are made from the code: between ``<!-- name -->`` and ``<!-- /name -->``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def with_sections(document: Path, sections: Mapping[str, str]) -> str:
    """The text of ``document`` with these sections in it. Raises :class:`ValueError` for one it has not."""
    text = document.read_text(encoding="utf-8")
    for name, section in sections.items():
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _old, end, after = rest.partition(f"<!-- /{name} -->")
        if not end:
            raise ValueError(f"{document.name} has no section {name}")
        text = f"{before}{start}{section}{end}{after}"
    return text


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
