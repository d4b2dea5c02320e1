"""Read a Dockerfile into instructions, as BuildKit's parser does: directives, continuations, heredocs.

Only what is needed to find the images that a build depends on is understood; every line keeps its number, so
that a rewritten Dockerfile has its errors on the lines that the author knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

# The line by which a Dockerfile asks for another frontend: an image that would read the file in
# BuildKit's place.
#
# Every form is found that any BuildKit reads (``parser.DetectSyntax`` in moby/buildkit): ``#
# syntax=`` and ``// syntax=`` among directives at the top of the file, behind a byte order mark and
# a ``#!`` line, in any case. Versions differ in which directives they know, so here any name counts
# as one.

_FRONTEND_LINE = r"\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*?)\s*"
_PREFIXES = ("#", "//")
FRONTEND_KEY = "syntax"


class FrontendLine(Struct, frozen=True):
    """A request for a frontend."""

    line: int
    """The line, from 1."""
    frontend: str
    """The image, as written."""


def find_frontends(lines: tuple[str, ...]) -> tuple[FrontendLine, ...]:
    """Every line of a Dockerfile, without its byte order mark, that could be read as a request for a frontend."""
    first = 1 if lines[0].startswith("#!") else 0
    frontends = []
    for prefix in _PREFIXES:
        directive = re.compile(re.escape(prefix) + _FRONTEND_LINE)
        for index in range(first, len(lines)):
            match = directive.fullmatch(lines[index].lstrip())
            if match is None:
                break
            if match[1].lower() == FRONTEND_KEY:
                frontends.append(FrontendLine(index + 1, match[2]))
    return (*frontends, *_in_json("\n".join(lines[first:])))


def _in_json(text: str) -> tuple[FrontendLine, ...]:
    """A file that is nothing but JSON, for frontends that read that."""
    if not text.lstrip().startswith("{"):
        return ()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    frontend = value.get(FRONTEND_KEY) if isinstance(value, dict) else None
    return (FrontendLine(1, frontend),) if isinstance(frontend, str) else ()


_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(.*?)\s*", re.IGNORECASE)
_BLANKS = re.compile(r"[\t\v\f\r ]+")
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([^\s<\"'\\]+)\2")
_ODD_HEREDOC = re.compile(r"\d*<<-?[^<]*[\s\"'\\][^<]*")
_HEREDOC_KEYWORDS = ("RUN", "COPY", "ADD")
TRIGGER = "ONBUILD"


class Instruction(Struct, frozen=True):
    """One instruction with all its lines."""

    line: int
    """Its first line, from 1."""
    end: int
    """The line after its last one, heredocs included."""
    keyword: str
    """The keyword in upper case."""
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


class Dockerfile(Struct, frozen=True):
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


_NAME = re.compile(r"\d+|[@*#?\-$!]|\w+")


def expand(text: str, variables: Mapping[str, str], *, escape: str = "\\") -> str:
    """``text`` without quotes and with its variables replaced; one that is not set becomes empty.

    Raises :class:`ValueError`, for people, where BuildKit would refuse: an unclosed quote or brace, an unknown
    modifier, and ``${X:?message}`` without a value.
    """
    return _Expansion(text, variables, escape).until("")


class _Expansion:
    """A text that is being read from left to right."""

    def __init__(self, text: str, variables: Mapping[str, str], escape: str) -> None:
        self._text = text
        self._variables = variables
        self._escape = escape
        self._position = 0

    def until(self, stop: str, *, keeps_escapes: bool = False) -> str:
        """What stands before ``stop`` (empty: before the end), which is read as well."""
        parts: list[str] = []
        while character := self._next():
            if character == stop:
                return "".join(parts)
            if character == "'":
                parts.append(self._single_quoted())
            elif character == '"':
                parts.append(self._double_quoted(keeps_escapes=keeps_escapes))
            elif character == "$":
                parts.append(self._variable())
            elif character == self._escape:
                parts.append((self._escape if keeps_escapes else "") + self._next())
            else:
                parts.append(character)
        if stop:
            raise ValueError(f"{self._text} lacks a closing {stop}")
        return "".join(parts)

    def _peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def _next(self) -> str:
        character = self._peek()
        self._position += 1
        return character

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._position)
        if end < 0:
            raise ValueError(f"{self._text} lacks a closing '")
        quoted, self._position = self._text[self._position : end], end + 1
        return quoted

    def _double_quoted(self, *, keeps_escapes: bool) -> str:
        parts: list[str] = []
        while (character := self._next()) != '"':
            if not character:
                raise ValueError(f'{self._text} lacks a closing "')
            if character == "$":
                parts.append(self._variable())
                continue
            if character == self._escape:
                parts.append(self._escape if keeps_escapes else "")
                if not self._peek():
                    continue
                if self._peek() in ('"', "$", self._escape):
                    character = self._next()
            parts.append(character)
        return "".join(parts)

    def _name(self) -> str:
        match = _NAME.match(self._text, self._position)
        if match is None:
            return ""
        self._position = match.end()
        return match[0]

    def _variable(self) -> str:
        if self._peek() != "{":
            name = self._name()
            return self._variables.get(name, "") if name else "$"
        self._next()
        if self._peek() in ("", "{", "}", ":"):
            raise ValueError(f"{self._text} has a bad substitution")
        name = self._name()
        value = self._variables.get(name)
        modifier = self._next()
        if modifier == "}":
            return value or ""
        if modifier == "/":
            return self._replaced(value or "")
        if modifier in ("#", "%"):
            return self._trimmed(value or "", modifier)
        empty_is_unset = modifier == ":"
        if empty_is_unset:
            modifier = self._next()
        if not modifier or modifier not in "-+?":
            raise ValueError(f"{self._text} has a modifier that does not exist")
        word = self.until("}")
        is_set = value is not None and not (empty_is_unset and not value)
        if modifier == "?" and not is_set:
            raise ValueError(f"{name}: {word or 'is not allowed to be unset'}")
        if modifier == "+":
            return word if is_set else ""
        return (value or "") if is_set else word

    def _trimmed(self, value: str, side: str) -> str:
        """``value`` without the shortest match at its beginning (``#``) or end (``%``); doubled, the longest."""
        is_longest = self._peek() == side
        if is_longest:
            self._next()
        pattern = re.compile(_regular_expression(self.until("}", keeps_escapes=True)))
        ends = range(len(value) + 1)
        if side == "#":
            lengths = reversed(ends) if is_longest else ends
            found = (end for end in lengths if pattern.fullmatch(value, 0, end))
            return value[next(found, 0) :]
        starts = ends if is_longest else reversed(ends)
        return value[: next((start for start in starts if pattern.fullmatch(value, start)), len(value))]

    def _replaced(self, value: str) -> str:
        """``value`` with the first match, or after a second ``/`` every one, of a pattern replaced."""
        is_every = self._peek() == "/"
        if is_every:
            self._next()
        pattern = _regular_expression(self.until("/", keeps_escapes=True))
        replacement = self.until("}", keeps_escapes=True)
        return re.sub(pattern, lambda _: replacement, value, count=0 if is_every else 1)


def _regular_expression(pattern: str) -> str:
    r"""A shell pattern of ``*``, ``?`` and ``\`` before one of those, as a regular expression."""
    parts: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            parts.append(".*")
        elif character == "?":
            parts.append(".")
        elif character == "\\":
            escaped = next(characters, "")
            if not escaped or escaped not in "}/*?\\":
                raise ValueError(f"the pattern {pattern} escapes what needs no escape")
            parts.append(re.escape(escaped))
        else:
            parts.append(re.escape(character))
    return "".join(parts)


def platform_variables(platform: str) -> dict[str, str]:
    """The variables that BuildKit sets by itself, for a build on and for ``platform`` (``linux/arm/v7``)."""
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    parts = {"PLATFORM": platform, "OS": system, "ARCH": architecture, "VARIANT": variant}
    return {f"{side}{name}": value for side in ("BUILD", "TARGET") for name, value in parts.items()}
