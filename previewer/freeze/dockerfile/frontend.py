"""The line by which a Dockerfile asks for another frontend: an image that would read the file in BuildKit's place.

Every form is found that any BuildKit reads (``parser.DetectSyntax`` in moby/buildkit): ``# syntax=`` and
``// syntax=`` among directives at the top of the file, behind a byte order mark and a ``#!`` line, in any case.
Versions differ in which directives they know, so here any name counts as one.
"""

from __future__ import annotations

import json
import re

from msgspec import Struct

_DIRECTIVE = r"\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*?)\s*"
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
    found = []
    for prefix in _PREFIXES:
        directive = re.compile(re.escape(prefix) + _DIRECTIVE)
        for index in range(first, len(lines)):
            match = directive.fullmatch(lines[index].lstrip())
            if match is None:
                break
            if match[1].lower() == FRONTEND_KEY:
                found.append(FrontendLine(index + 1, match[2]))
    return (*found, *_in_json("\n".join(lines[first:])))


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
