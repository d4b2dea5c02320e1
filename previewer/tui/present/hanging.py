"""Lines that are too long, broken at spaces; what follows stands under the text and not under its label."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from rich.cells import cell_len, set_cell_size

from previewer.tui.present.pieces import Line, Piece, width_of

_LEAST = 10
"""Cells that a line keeps for its text, however wide its label is."""
_WORDS = re.compile(r" +|[^ ]+")


def hanging(lines: Iterable[Line], width: int, *, indent: int | None = None) -> tuple[Line, ...]:
    """The lines in at most ``width`` cells each; all of them as they are where ``width`` is 0: not known yet.

    What follows is indented by ``indent`` cells; by default it stands under the text: a first piece that ends in a
    space is a label (``  hint  ``, ``✖ ``).
    """
    if width <= 0:
        return tuple(lines)
    return tuple(part for pieces in lines for part in _broken(pieces, width, indent))


def _broken(pieces: Line, width: int, wanted: int | None) -> tuple[Line, ...]:
    if width_of(pieces) <= width:
        return (pieces,)
    indent = min(_indent(pieces) if wanted is None else wanted, max(0, width - _LEAST))
    parts: list[list[Piece]] = [[]]
    used = 0
    for piece in pieces:
        for word in _WORDS.findall(piece.text):
            if used + cell_len(word) > width and used > indent:
                parts.append([Piece(" " * indent)] if indent else [])
                used = indent
                if word.isspace():
                    continue
            for chunk in _chunks(word, width - used, width - indent):
                if used + cell_len(chunk) > width:
                    parts.append([Piece(" " * indent)] if indent else [])
                    used = indent
                parts[-1].append(Piece(chunk, piece.tone))
                used += cell_len(chunk)
    return tuple(_merged(part) for part in parts)


def _merged(pieces: Iterable[Piece]) -> Line:
    """Neighbours of one tone as one piece."""
    groups = groupby(pieces, key=lambda piece: piece.tone)
    return tuple(Piece("".join(piece.text for piece in group), tone) for tone, group in groups)


def _indent(pieces: Line) -> int:
    first = pieces[0].text
    if len(pieces) > 1 and first.endswith(" "):
        return cell_len(first)
    return len(first) - len(first.lstrip(" "))


def _chunks(word: str, first: int, room: int) -> list[str]:
    """A word that no line can hold, in parts: the first of ``first`` cells, the others of ``room``."""
    if cell_len(word) <= first:
        return [word]
    chunks: list[str] = []
    while cell_len(word) > first:
        head = set_cell_size(word, max(1, first)).rstrip() or word[0]
        head = head if word.startswith(head) else word[0]
        chunks.append(head)
        word, first = word[len(head) :], room
    return [*chunks, word] if word else chunks
