"""Looking at containers' file systems, and remembering those that nobody has touched since."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from previewer.domain.drift.judge_files import ChangedPath
from previewer.domain.drift.start_writes import DELETED, VARIES
from previewer.domain.examination import ChangeKind, EngineHappening, FileChange
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text
from previewer.engine.examiner import Examiner
from previewer.operations.remembering.cache import cache_folder, read_cached, write_cached

REMEMBERED_SECONDS = 300.0
"""What a program writes by itself makes no event: after so long it is looked at again."""
WRITING = frozenset({"exec_create", "exec_start", "exec_die", "extract-to-dir", "attach", "start", "update"})
"""Events after which files may be others."""

Found = Mapping[str, tuple[FileChange, ...]]


class ExaminedFiles(Protocol):
    """How file systems are looked at."""

    def look(
        self, examiner: Examiner, containers: Mapping[str, str], happenings: Sequence[EngineHappening]
    ) -> Found:
        """What is not as in the image, by container id.

        ``containers`` has a text for each id that is another when it is started anew; ``happenings`` are events.
        """
        ...


class ForgetfulFiles:
    """Looks at every one, every time."""

    def look(
        self, examiner: Examiner, containers: Mapping[str, str], happenings: Sequence[EngineHappening]
    ) -> Found:
        """Look at each."""
        del happenings
        return look_at_files(examiner, tuple(containers))


class UnseenFiles:
    """Looks at none: what a program may write by itself proves no touch."""

    def look(
        self, examiner: Examiner, containers: Mapping[str, str], happenings: Sequence[EngineHappening]
    ) -> Found:
        """Nothing."""
        del examiner, containers, happenings
        return {}


class RememberedFiles:
    """Looks at those that were started, touched or not looked at for a while. The file may be deleted."""

    def __init__(self, path: Path, *, now: float | None = None) -> None:
        self._path = path
        self._now = time.time() if now is None else now

    def look(
        self, examiner: Examiner, containers: Mapping[str, str], happenings: Sequence[EngineHappening]
    ) -> Found:
        """Look at those of which nothing certain is known."""
        kept = read_cached(self._path)
        written = _last_writes(happenings)
        known: dict[str, tuple[FileChange, ...]] = {}
        for identifier, state in containers.items():
            entry = as_object(kept.get(identifier))
            seen_at = entry.get("at")
            if not isinstance(seen_at, int | float) or entry.get("state") != state:
                continue
            if 0 <= self._now - seen_at < REMEMBERED_SECONDS and written.get(identifier, 0.0) < seen_at:
                known[identifier] = tuple(_read_changes(entry))
        fresh = look_at_files(examiner, [identifier for identifier in containers if identifier not in known])
        if fresh:
            write_cached(
                self._path,
                {**{i: kept[i] for i in known}, **{i: self._entry(containers[i], c) for i, c in fresh.items()}},
            )
        return {**known, **fresh}

    def _entry(self, state: str, changes: Iterable[FileChange]) -> JsonObject:
        return {"state": state, "at": self._now, "changes": [[c.path, c.kind.value] for c in changes]}


def look_at_files(examiner: Examiner, containers: Sequence[str]) -> Found:
    """What is not as in the image, by container id, whether or not the engine lists it."""
    listed = examiner.file_changes(containers)
    rewritten = examiner.rewritten_files(listed)
    return {identifier: (*changes, *rewritten.get(identifier, ())) for identifier, changes in listed.items()}


def written_contents(
    examiner: Examiner, container: str, changes: Sequence[FileChange | ChangedPath]
) -> Mapping[str, str]:
    """What is at each of the changed paths, as a digest; :data:`VARIES` for more than is compared."""
    present = [change.path for change in changes if change.kind is not ChangeKind.DELETED]
    digests = examiner.file_digests(container, present) if present else {}
    return {
        change.path: DELETED if change.kind is ChangeKind.DELETED else digests.get(change.path, VARIES)
        for change in changes
    }


def remembered_files(environment: Mapping[str, str], installation: str) -> ExaminedFiles:
    """In the cache folder of the user whose ``environment`` it is."""
    folder = cache_folder(environment)
    return RememberedFiles(folder / "drift" / f"{installation}.json") if folder is not None else ForgetfulFiles()


def _last_writes(happenings: Iterable[EngineHappening]) -> dict[str, float]:
    found: dict[str, float] = {}
    for event in happenings:
        if event.kind == "container" and event.action in WRITING:
            found[event.subject] = max(found.get(event.subject, 0.0), event.at.timestamp())
    return found


def _read_changes(entry: JsonObject) -> Iterable[FileChange]:
    for pair in as_list(entry.get("changes")):
        path, kind = as_list(pair)
        yield FileChange(as_text(path), ChangeKind(as_text(kind)))
