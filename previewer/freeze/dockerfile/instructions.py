"""Read a Dockerfile into instructions, as BuildKit's parser does: directives, continuations, heredocs.

Only what is needed to find the images that a build depends on is understood; every line keeps its number, so
that a rewritten Dockerfile has its errors on the lines that the author knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from previewer.freeze.dockerfile.frontend import FrontendLine, find_frontends
from previewer.frozen import dataclass

_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(.*?)\s*", re.IGNORECASE)
_BLANKS = re.compile(r"[\t\v\f\r ]+")
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([^\s<\"'\\]+)\2")
_ODD_HEREDOC = re.compile(r"\d*<<-?[^<]*[\s\"'\\][^<]*")
_HEREDOC_KEYWORDS = ("RUN", "COPY", "ADD")
TRIGGER = "ONBUILD"


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

    @property
    def trigger(self) -> Instruction | None:
        """What an ``ONBUILD`` has done in each stage that is built upon this one."""
        if self.keyword != TRIGGER:
            return None
        keyword, arguments = _split_keyword(self.arguments)
        return Instruction(self.line, self.end, keyword, arguments)

    @property
    def has_odd_heredoc(self) -> bool:
        """Whether versions of BuildKit disagree on where a heredoc of it ends: blanks or escapes in its name."""
        inner = self.trigger or self
        return inner.keyword in _HEREDOC_KEYWORDS and any(
            _HEREDOC.fullmatch(word) is None and _ODD_HEREDOC.fullmatch(word) is not None
            for word in split_words(inner.arguments)
        )


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A Dockerfile's text and what is in it."""

    lines: tuple[str, ...]
    directives: dict[str, int]
    """Parser directives by name in lower case: the index of their line."""
    instructions: tuple[Instruction, ...]
    frontends: tuple[FrontendLine, ...] = ()
    """Requests for an image that would read the file in BuildKit's place."""
    escape: str = "\\"


def read_dockerfile(text: str) -> Dockerfile:
    """Parse a Dockerfile. Nothing is refused: what is wrong with it, the builder says better."""
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    directives = dict(_directives(lines))
    escape = "\\"
    if "escape" in directives and lines[directives["escape"]].rstrip().endswith("`"):
        escape = "`"
    frontends = find_frontends(tuple(lines))
    return Dockerfile(tuple(lines), directives, tuple(_instructions(lines, escape)), frontends, escape)


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
        keyword, arguments = _split_keyword("".join(parts))
        holder = _split_keyword(arguments)[0] if keyword == TRIGGER else keyword
        if holder in _HEREDOC_KEYWORDS:
            index = _after_heredocs(lines, index, arguments)
        yield Instruction(start + 1, index + 1, keyword, arguments)


def _split_keyword(text: str) -> tuple[str, str]:
    """The keyword, in upper case, and its arguments."""
    keyword, *rest = _BLANKS.split(text.strip(), maxsplit=1)
    return keyword.upper(), "".join(rest).strip()


def _continuation(line: str, escape: str) -> tuple[bool, str]:
    stripped = line.rstrip(" \t")
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
    """Words at blanks, except inside quotes and after a backslash; quotes and backslashes stay."""
    return re.findall(r"(?:\\.|[^\s\"'\\]|\"(?:\\.|[^\"\\])*\"|'[^']*'|[\"'\\])+", text)


def split_flags(arguments: str) -> tuple[list[str], str]:
    """The leading ``--name=value`` words of an instruction as BuildKit reads them, unquoted; and all else."""
    flags: list[str] = []
    rest = arguments.strip()
    while rest.startswith("--"):
        flag, rest = _read_flag(rest)
        if flag == "--":
            break
        flags.append(flag)
    return flags, rest


def _read_flag(text: str) -> tuple[str, str]:
    """The first word without quotes and escapes, and what follows."""
    flag, quote = "", ""
    characters = iter(enumerate(text))
    for index, character in characters:
        if quote and character == quote:
            quote = ""
        elif character == "\\":
            flag += next(characters, (0, ""))[1]
        elif not quote and character in "\"'":
            quote = character
        elif not quote and character.isspace():
            return flag, text[index:].strip()
        else:
            flag += character
    return flag, ""
