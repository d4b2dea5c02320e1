"""Which directories a service would have to be allowed to write to, from what one run of it wrote."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from previewer.domain.drift.judge_files import ChangedPath
from previewer.domain.engine.examination import ChangeKind
from previewer.domain.json_value import JsonValue
from previewer.domain.units import counted

CLOSED = re.compile(r"^/$|^/(bin|sbin|lib|lib64|boot|dev|proc|sys|etc|usr|usr/(bin|sbin|lib|lib64|share))$")
"""Directories that hold what a system consists of: memory in their place would hide it."""
COMPILED = re.compile(r"(/__pycache__(/|$)|\.py[co]$)")
"""What Python keeps of what it compiled: it does without where it may not write."""
SEVERAL = 4
"""So many directories in one are that one."""
_PLAIN = re.compile(r"[A-Za-z0-9_./+@-]+")


class Suggestion(Struct, frozen=True):
    """For one service."""

    service: str
    writable: tuple[str, ...]
    """Directories, sorted; none lies in another."""
    hiding: tuple[str, ...] = ()
    """Those of them that hold files of the image, which memory would hide: a volume keeps them."""
    refused: tuple[str, ...] = ()
    """Written paths whose directory had better stay closed: the program is to write elsewhere."""
    compiled: int = 0
    """Paths that Python keeps what it compiled in: nothing has to be declared for them."""


def suggest(service: str, changes: Iterable[ChangedPath]) -> Suggestion:
    """The fewest directories that hold all that was written."""
    folders: set[str] = set()
    hiding: set[str] = set()
    refused: set[str] = set()
    compiled = 0
    for change in changes:
        if COMPILED.search(change.path):
            compiled += 1
            continue
        folder = change.path if change.below else posixpath.dirname(change.path)
        if CLOSED.match(folder):
            refused.add(change.path)
            continue
        folders.add(folder)
        if change.kind is not ChangeKind.ADDED:
            hiding.add(folder)
    outermost = _outermost(folders)
    crowded = {above for above, count in Counter(map(posixpath.dirname, outermost)).items() if count >= SEVERAL}
    parents = {above for above in crowded if not CLOSED.match(above)}
    outermost = _outermost(outermost | parents)
    hiding |= parents
    hidden = {
        outer for outer in outermost if any(folder == outer or _is_within(folder, outer) for folder in hiding)
    }
    return Suggestion(service, tuple(sorted(outermost)), tuple(sorted(hidden)), tuple(sorted(refused)), compiled)


def _outermost(folders: set[str]) -> set[str]:
    return {folder for folder in folders if not any(_is_within(folder, other) for other in folders)}


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
            why = "is in the image, and writable paths are empty memory: mount a volume there"
            yield f"# {suggestion.service}: {folder} {why}"
        for path in suggestion.refused:
            yield f"# {suggestion.service}: {path} can't be declared: let the program write elsewhere"
        if suggestion.compiled:
            places = counted(suggestion.compiled, "place")
            yield f"# {suggestion.service}: Python compiles to {places}: set PYTHONDONTWRITEBYTECODE=1"


def suggestion_json(suggestions: Iterable[Suggestion]) -> Mapping[str, Mapping[str, JsonValue]]:
    """The same for programs, by service."""
    return {
        one.service: {
            "writable": list(one.writable),
            "hiding": list(one.hiding),
            "refused": list(one.refused),
            "compiled": one.compiled,
        }
        for one in suggestions
    }


def _spelt(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=True)


def _is_within(folder: str, other: str) -> bool:
    return folder.startswith(f"{other.rstrip('/')}/")
