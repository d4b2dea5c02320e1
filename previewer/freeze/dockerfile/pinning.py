"""Rewrite a Dockerfile so that every image it takes from outside is named by content.

Its lines keep their numbers. A ``# syntax=`` line is taken out: it names a further image, which would have to be
pulled for every build and which no digest covers. The engine's own frontend reads the file instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from previewer.freeze.dockerfile.bases import BaseUse, split_flags
from previewer.freeze.dockerfile.instructions import Dockerfile


def pin_dockerfile(dockerfile: Dockerfile, pinned: Sequence[tuple[BaseUse, str]]) -> str:
    """The text with each use's image replaced by the reference beside it."""
    lines = _without_syntax(dockerfile)
    for use, reference in pinned:
        first, end = use.instruction.line - 1, use.instruction.end - 1
        if use.instruction.keyword == "FROM":
            lines[first:end] = [_pinned_from(use, reference), *[""] * (end - first - 1)]
        else:
            lines[first:end] = _pinned_flag(lines[first:end], use.written, reference)
    return "\n".join(lines)


def _pinned_from(use: BaseUse, reference: str) -> str:
    flags, words = split_flags(use.instruction.arguments)
    return " ".join(["FROM", *flags, reference, *words[1:]])


def _pinned_flag(lines: list[str], written: str, reference: str) -> list[str]:
    """Replace ``--from=WRITTEN``, or ``from=WRITTEN`` within a ``--mount``, where it is first seen."""
    name = re.escape(written)
    flag = re.compile(rf"(--from=[\"']?|--mount=(?:\S*,)?from=){name}(?=[\s,\"']|$)")

    def replace(match: re.Match[str]) -> str:
        return match[1] + reference

    for index, line in enumerate(lines):
        changed, count = flag.subn(replace, line, count=1)
        if count:
            return [*lines[:index], changed, *lines[index + 1 :]]
    return lines


def _without_syntax(dockerfile: Dockerfile) -> list[str]:
    """Directives end at the first other line, so the ones that stay move up and a comment fills the gap."""
    lines = list(dockerfile.lines)
    syntax = dockerfile.directives.get("syntax")
    if syntax is None:
        return lines
    count = len(dockerfile.directives)
    kept = [line for index, line in enumerate(lines[:count]) if index != syntax]
    return [*kept, "#", *lines[count:]]
