"""A container's file system against its image: without what was declared, with the usual noise explained."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from previewer.domain.drift.file_places import ENGINES_OWN, Place, place_of, spellings
from previewer.domain.drift.finding import Finding, Layer, Severity
from previewer.domain.drift.frozen import FrozenContainer, FrozenEnvironment
from previewer.domain.engine.examination import ChangeKind, ExaminedContainer, FileChange
from previewer.domain.units import counted

MOST_SHOWN = 20
"""Paths of one container; the others are counted."""
REMEDY = "previewer suggest-writable {environment}"
DISGUISED = "its size and its time are still the image's: its old time was set again"


class ChangedPath(Struct, frozen=True):
    """A path that is not as in the image, with how many others it stands for."""

    path: str
    kind: ChangeKind
    below: int = 0
    """How many paths below it were added with it."""


def judge_files(
    frozen: FrozenEnvironment,
    wanted: FrozenContainer,
    live: ExaminedContainer,
    changes: Sequence[FileChange],
    *,
    explained: Collection[str] = (),
) -> Iterator[Finding]:
    """The paths that are not declared; those ``explained`` are as every fresh generation has them.

    What a program writes by itself is no proof that it was touched."""
    found = undeclared_changes(changes, allowed=(*live.mounted, *wanted.copied, *wanted.writable))
    for change in found:
        if change.path in explained:
            yield _written_at_start(frozen, wanted, live, change)
    found = tuple(change for change in found if change.path not in explained)
    ordered = sorted(found, key=lambda change: (-place_of(change.path).severity.rank, change.path))
    natural = [change for change in ordered if is_natural(change)]
    others = [change for change in ordered if change not in natural]
    for change in (*others[:MOST_SHOWN], *natural):
        yield _finding(frozen, wanted, live, change)
    if len(others) > MOST_SHOWN:
        more = counted(len(others) - MOST_SHOWN, "more path")
        yield Finding(
            kind="file-more",
            layer=Layer.FILES,
            severity=Severity.LOW,
            environment=frozen.name,
            service=wanted.service,
            where=live.name,
            what=f"{more} are not as in the image",
            why="only the weightiest are listed",
            remedy=REMEDY,
            taints=False,
        )


def undeclared_changes(changes: Sequence[FileChange], *, allowed: Iterable[str]) -> tuple[ChangedPath, ...]:
    """``changes`` without ``allowed`` paths (and what is below), what the engine makes, and mere directories.

    A directory that was added stands for what was added in it; one that only holds changes is left out.
    """
    named = (*ENGINES_OWN, *(posixpath.normpath(path) for path in allowed))
    permitted = tuple(path for name in named for path in spellings(name))
    left = [c for c in changes if not _is_allowed(c.path, permitted)]
    left = [c for c in left if not (c.kind is ChangeKind.ADDED and _leads_to(c.path, permitted))]
    holders = {above for change in changes for above in _above(change.path)}
    found: dict[str, ChangedPath] = {}
    for change in sorted(left, key=lambda change: change.path):
        root = next((above for above in _above(change.path) if _stands_for(above, change, found)), None)
        if root is not None:
            found[root] = ChangedPath(root, ChangeKind.ADDED, found[root].below + 1)
        elif change.kind is not ChangeKind.MODIFIED or change.path not in holders:
            found[change.path] = ChangedPath(change.path, change.kind)
    merely_holding = {above for path in found for above in _above(path)}
    merely_holding -= {c.path for c in found.values() if c.below or c.kind is not ChangeKind.ADDED}
    return tuple(change for path, change in found.items() if path not in merely_holding)


def _stands_for(above: str, change: FileChange, found: Mapping[str, ChangedPath]) -> bool:
    """Whether a directory that was added says enough: what means something else is listed by itself."""
    if change.kind is not ChangeKind.ADDED or above not in found or found[above].kind is not ChangeKind.ADDED:
        return False
    return place_of(above).kind == place_of(change.path).kind


def _finding(
    frozen: FrozenEnvironment, wanted: FrozenContainer, live: ExaminedContainer, change: ChangedPath
) -> Finding:
    place = place_of(change.path)
    severity = place.severity
    is_disguised = change.kind is ChangeKind.REWRITTEN
    if is_disguised or (change.kind is ChangeKind.DELETED and severity is not Severity.LOW):
        severity = Severity.HIGH
    inside = f", with {counted(change.below, 'path')} in it" if change.below else ""
    kind = f"file-{change.kind.value}" if place.kind == "file" else place.kind
    return Finding(
        kind=kind,
        layer=Layer.FILES,
        severity=severity,
        environment=frozen.name,
        service=wanted.service,
        where=f"{live.name}:{change.path}",
        what=f"the path was {change.kind.value}{inside}",
        why=DISGUISED if is_disguised else place.why,
        frozen="absent" if change.kind is ChangeKind.ADDED else "as in the image",
        live=change.kind.value,
        remedy=REMEDY,
        taints=False,
        is_expected=_is_natural(place, change),
    )


def _written_at_start(
    frozen: FrozenEnvironment, wanted: FrozenContainer, live: ExaminedContainer, change: ChangedPath
) -> Finding:
    return Finding(
        kind="written-at-start",
        layer=Layer.FILES,
        severity=Severity.LOW,
        environment=frozen.name,
        service=wanted.service,
        where=f"{live.name}:{change.path}",
        what=f"the path was {change.kind.value} as in every fresh generation of the release",
        why="its start script writes it",
        live=change.kind.value,
        remedy=REMEDY,
        taints=False,
        is_expected=True,
    )


def is_natural(change: ChangedPath) -> bool:
    """Whether any program may write so in every run."""
    return _is_natural(place_of(change.path), change)


def _is_natural(place: Place, change: ChangedPath) -> bool:
    """Whether programs write so in every run. Compiled code of the image is not compiled again by itself."""
    return change.kind in place.natural


def _is_allowed(path: str, permitted: Sequence[str]) -> bool:
    return any(path == allowed or path.startswith(f"{allowed.rstrip('/')}/") for allowed in permitted)


def _leads_to(path: str, permitted: Sequence[str]) -> bool:
    """Whether the engine made a directory so that something could be mounted or copied below it."""
    return any(allowed.startswith(f"{path}/") for allowed in permitted)


def _above(path: str) -> Iterator[str]:
    """The directories that hold a path, the outermost first."""
    parts = path.strip("/").split("/")
    for count in range(1, len(parts)):
        yield "/" + "/".join(parts[:count])
