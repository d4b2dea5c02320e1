"""``.dockerignore``: which files of a build context the builder never sees.

The rules of moby's ``patternmatcher`` and ``ignorefile``: Go's ``filepath.Match`` plus ``**``, ``!`` for
exceptions, a pattern holds for everything below what it matches, and the last pattern that says something wins.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from previewer.domain.commit.files import folders_above
from previewer.errors import DefinitionError


class IgnorePattern(Struct, frozen=True):
    """One line of the file."""

    expression: re.Pattern[str]
    is_exception: bool

    def matches(self, path: str) -> bool:
        """Whether the line is about ``path`` or a folder above it."""
        return any(self.expression.fullmatch(part) for part in (path, *folders_above(path)))


class Dockerignore(Struct, frozen=True):
    """The whole file; an empty one ignores nothing."""

    patterns: tuple[IgnorePattern, ...] = ()

    def ignores(self, path: str) -> bool:
        """Whether the builder must not see the file ``path``, relative to the context, with ``/``."""
        ignored = False
        for pattern in self.patterns:
            # A pattern that could change nothing need not be tried.
            if pattern.is_exception == ignored and pattern.matches(path):
                ignored = not pattern.is_exception
        return ignored


def read_dockerignore(content: bytes, *, where: str) -> Dockerignore:
    """Parse a ``.dockerignore``. Raises :class:`DefinitionError` with the line for a malformed pattern."""
    lines = content.decode("utf-8-sig", "surrogateescape").split("\n")
    found = []
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not (text := line.strip()):
            continue
        is_exception = text.startswith("!")
        pattern = _clean(text[1:].strip() if is_exception else text)
        if not pattern:
            raise DefinitionError("an exception without a pattern", where=f"{where}:{number}")
        try:
            found.append(IgnorePattern(re.compile(_expression(pattern), re.DOTALL), is_exception))
        except re.error as error:
            raise DefinitionError(f"malformed pattern {pattern!r}: {error}", where=f"{where}:{number}") from error
    return Dockerignore(tuple(found))


def _clean(pattern: str) -> str:
    """Go's ``filepath.Clean``, and a leading ``/`` means the context's root."""
    if not pattern:
        return ""
    cleaned = posixpath.normpath(pattern)
    rooted = re.sub(r"^/+", "/", cleaned)
    return rooted[1:] if len(rooted) > 1 and rooted.startswith("/") else rooted


def _expression(pattern: str) -> str:
    if re.fullmatch(r"\*\*[^*?\[\]\\/]+", pattern):
        # moby: a plain end after leading stars may begin in the middle of a name.
        return ".*" + re.escape(pattern[2:])
    return "".join(_pieces(pattern))


def _pieces(pattern: str) -> Iterator[str]:
    position = 0
    while position < len(pattern):
        if pattern.startswith("**", position):
            position += 3 if pattern.startswith("**/", position) else 2
            yield "(?:.*/)?" if position < len(pattern) else ".*"
            continue
        character = pattern[position]
        position += 1
        if character == "*":
            yield "[^/]*"
        elif character == "?":
            yield "[^/]"
        elif character in "[]":
            yield character
        elif character == "\\":
            yield re.escape(pattern[position : position + 1] or "\\")
            position += 1
        elif character in "^-" and _in_class(pattern, position - 1):
            yield character
        else:
            yield re.escape(character)


def _in_class(pattern: str, position: int) -> bool:
    """Whether a position lies between ``[`` and ``]``, where ``^`` and ``-`` mean what they mean in a regex."""
    return pattern.rfind("[", 0, position) > pattern.rfind("]", 0, position)
