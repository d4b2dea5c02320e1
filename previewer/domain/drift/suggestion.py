"""Which directories a service would have to be allowed to write to, from what one run of it wrote."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from previewer.domain.drift.judge_files import ChangedPath
from previewer.domain.examination import ChangeKind

CLOSED = re.compile(r"^/$|^/(bin|sbin|lib|lib64|boot|dev|proc|sys|etc|usr|usr/(bin|sbin|lib|lib64|share))$")
"""Directories that hold what a system consists of: memory in their place would hide it."""
_PLAIN = re.compile(r"[A-Za-z0-9_./+@-]+")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """For one service."""

    service: str
    writable: tuple[str, ...]
    """Directories, sorted; none lies in another."""
    hiding: tuple[str, ...] = ()
    """Those of them that hold files of the image, which memory would hide: a volume keeps them."""
    refused: tuple[str, ...] = ()
    """Written paths whose directory had better stay closed: the program is to write elsewhere."""


def suggest(service: str, changes: Iterable[ChangedPath]) -> Suggestion:
    """The fewest directories that hold all that was written."""
    folders: set[str] = set()
    hiding: set[str] = set()
    refused: set[str] = set()
    for change in changes:
        folder = change.path if change.below else posixpath.dirname(change.path)
        if CLOSED.match(folder):
            refused.add(change.path)
            continue
        folders.add(folder)
        if change.kind is not ChangeKind.ADDED:
            hiding.add(folder)
    outermost = {folder for folder in folders if not any(_is_within(folder, other) for other in folders)}
    hidden = {
        outer for outer in outermost if any(folder == outer or _is_within(folder, outer) for folder in hiding)
    }
    return Suggestion(service, tuple(sorted(outermost)), tuple(sorted(hidden)), tuple(sorted(refused)))


def suggestion_yaml(suggestions: Iterable[Suggestion]) -> str:
    """The ``x-previewer`` section to paste into a definition; what can't be declared stands in comments."""
    return "\n".join(_lines(list(suggestions))) + "\n"


def _lines(suggestions: list[Suggestion]) -> Iterator[str]:
    writing = [suggestion for suggestion in suggestions if suggestion.writable]
    yield "x-previewer:"
    yield "  immutability: enforce"
    if writing:
        yield "  writable:"
    for suggestion in writing:
        yield f"    {_spelt(suggestion.service)}: [{', '.join(map(_spelt, suggestion.writable))}]"
    for suggestion in suggestions:
        for folder in suggestion.hiding:
            why = "holds files of the image, and writable paths are empty memory: mount a volume there"
            yield f"# {suggestion.service}: {folder} {why}"
        for path in suggestion.refused:
            yield f"# {suggestion.service}: {path} can't be declared: let the program write elsewhere"


def suggestion_json(suggestions: Iterable[Suggestion]) -> Mapping[str, Mapping[str, list[str]]]:
    """The same for programs, by service."""
    return {
        one.service: {"writable": list(one.writable), "hiding": list(one.hiding), "refused": list(one.refused)}
        for one in suggestions
    }


def _spelt(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=True)


def _is_within(folder: str, other: str) -> bool:
    return folder.startswith(f"{other.rstrip('/')}/")
