"""Read a Dockerfile into instructions, as BuildKit's parser does: directives, continuations, heredocs.

Only what is needed to find the images that a build depends on is understood; every line keeps its number, so
that a rewritten Dockerfile has its errors on the lines that the author knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from previewer.frozen import dataclass

_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(.*?)\s*", re.IGNORECASE)
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([^\s<\"']+)\2")
_HEREDOC_KEYWORDS = ("RUN", "COPY", "ADD")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction with all its lines."""

    line: int
    """Of its first line, from 1."""
    end: int
    """The line after its last one, heredocs included."""
    keyword: str
    """In upper case."""
    arguments: str
    """What follows the keyword, continuation lines joined, without comments and heredocs."""


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A Dockerfile's text and what is in it."""

    lines: tuple[str, ...]
    directives: dict[str, int]
    """Parser directives by name in lower case: the index of their line."""
    instructions: tuple[Instruction, ...]


def read_dockerfile(text: str) -> Dockerfile:
    """Parse a Dockerfile. Nothing is refused: what is wrong with it, the builder says better."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    directives = dict(_directives(lines))
    escape = "\\"
    if "escape" in directives and lines[directives["escape"]].rstrip().endswith("`"):
        escape = "`"
    return Dockerfile(tuple(lines), directives, tuple(_instructions(lines, escape)))


def _directives(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Parser directives stand before anything else, comments and blank lines included."""
    for index, line in enumerate(lines):
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            return
        yield match[1].lower(), index


def _instructions(lines: list[str], escape: str) -> Iterator[Instruction]:
    index = 0
    while index < len(lines):
        start = index
        if not (text := lines[index].strip()) or text.startswith("#"):
            index += 1
            continue
        parts: list[str] = []
        while index < len(lines):
            line = lines[index]
            index += 1
            if parts and (not line.strip() or line.lstrip().startswith("#")):
                continue  # comments and blank lines inside a continued instruction are nothing
            continued, piece = _continuation(line, escape)
            parts.append(piece)
            if not continued:
                break
        keyword, _, arguments = "".join(parts).strip().partition(" ")
        if "\t" in keyword:
            keyword, _, arguments = "".join(parts).strip().partition("\t")
        if keyword.upper() in _HEREDOC_KEYWORDS:
            index = _after_heredocs(lines, index, arguments)
        yield Instruction(start + 1, index + 1, keyword.upper(), arguments.strip())


def _continuation(line: str, escape: str) -> tuple[bool, str]:
    stripped = line.rstrip()
    if stripped.endswith(escape) and not stripped.endswith(escape * 2):
        return True, stripped[:-1]
    return False, line


def _after_heredocs(lines: list[str], index: int, arguments: str) -> int:
    """The index after the bodies of the heredocs that ``arguments`` open. One without an end is no heredoc."""
    for word in split_words(arguments):
        match = _HEREDOC.fullmatch(word)
        if match is None:
            continue
        for end in range(index, len(lines)):
            body = lines[end].lstrip("\t") if match[1] else lines[end]
            if body == match[3]:
                index = end + 1
                break
    return index


def split_words(text: str) -> list[str]:
    """Words at blanks, except inside quotes; the quotes stay."""
    return re.findall(r"(?:[^\s\"']|\"(?:\\.|[^\"\\])*\"|'[^']*'|[\"'])+", text)
