"""Compare what runs with what was frozen; file systems are looked at, and remembered where nothing changed."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from previewer.background import begin
from previewer.deployment.definition import new_secrecy
from previewer.deployment.frozen_environment import freeze_environment
from previewer.domain.drift.file_places import DELETED, VARIES
from previewer.domain.drift.finding import Finding, Severity
from previewer.domain.drift.frozen import FrozenEnvironment
from previewer.domain.drift.judge import judge_environment, pair_containers
from previewer.domain.drift.judge_files import ChangedPath
from previewer.domain.engine.examination import ChangeKind, EngineHappening, Examination, FileChange
from previewer.domain.environment.environment import Environment
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text
from previewer.domain.release.release import Release
from previewer.domain.secrecy import Secrecy
from previewer.engine.examiner import Examiner
from previewer.records.environments import find_environment, list_environments
from previewer.session.readings import read_cached, write_cached
from previewer.session.session import Session
from previewer.user_folders import cache_folder

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

        ``containers`` has a text for each id that changes when it is restarted; ``happenings`` are events.
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


NEWEST_ENTRIES = 500
"""The newest ledger entries that are read: they tell which stops and starts were previewer's own."""
CLOCK_CHANGE = timedelta(days=1)
"""The error that the clock of the labels may have had: engines keep few events anyway."""
FEW = 3
"""Releases that are read one by one; more are read all at once."""


class EnvironmentDrift(Struct, frozen=True):
    """The verdict on one environment."""

    environment: Environment
    findings: tuple[Finding, ...]
    """The worst first; empty for one that is as it was frozen."""
    expected: tuple[Finding, ...] = ()
    """What its programs write by nature, which is no drift."""

    @property
    def touches(self) -> tuple[Finding, ...]:
        """Those that prove interference from outside."""
        return tuple(finding for finding in self.findings if finding.taints)

    @property
    def severity(self) -> Severity | None:
        """The severity of the worst finding; ``None`` without any."""
        return self.findings[0].severity if self.findings else None


def check_drift(
    session: Session,
    names: Collection[str] = (),
    *,
    files: ExaminedFiles | None = None,
    happenings: Sequence[EngineHappening] = (),
) -> tuple[EnvironmentDrift, ...]:
    """The verdict on the environments that ``names`` mean, by name; on all of the repository without any.

    ``files`` remembers file systems that were looked at before; ``happenings`` are events that were seen live,
    which the engine may have forgotten. Nothing is changed, noted or repaired.
    Raises :class:`NotFoundError`.
    """
    wanted = choose_environments(session, names)
    if not wanted:
        return ()
    only = wanted[0].name if len(wanted) == 1 else ""
    seen = session.examiner.examine(session.source.installation, environment=only)
    since = min(environment.created_at for environment in wanted) - CLOCK_CHANGE
    events = begin(lambda: session.examiner.past_events(since), name="previewer-examine")
    frozen = freeze_environments(session, wanted, seen)
    known = merge_events(happenings, events.result())
    changes = (files or ForgetfulFiles()).look(session.examiner, _to_look_at(frozen, seen), known)
    told = new_secrecy(session)
    explained = _explained(session, frozen, seen, changes)
    judged = [_judge(one, seen, changes, explained, known, told) for one in frozen]
    return tuple(
        EnvironmentDrift(
            environment,
            tuple(finding for finding in found if not finding.is_expected),
            tuple(finding for finding in found if finding.is_expected),
        )
        for environment, found in zip(wanted, judged, strict=True)
    )


def merge_events(*several: Iterable[EngineHappening]) -> tuple[EngineHappening, ...]:
    """The events of all, each once, oldest first."""
    found = {(event.at, event.kind, event.action, event.subject): event for events in several for event in events}
    return tuple(found[key] for key in sorted(found))


def choose_environments(session: Session, names: Collection[str]) -> tuple[Environment, ...]:
    """The environments that ``names`` mean, once each, sorted by name; all of them without any."""
    if not names:
        return list_environments(session)
    found = {found.name: found for found in (find_environment(session, name) for name in names)}
    return tuple(found[name] for name in sorted(found))


def freeze_environments(
    session: Session, environments: Sequence[Environment], seen: Examination
) -> tuple[FrozenEnvironment, ...]:
    """What each was asked to be."""
    releases = _releases(session, {environment.ownership.release for environment in environments})
    entries = session.ledger.entries(limit=NEWEST_ENTRIES)
    return tuple(
        freeze_environment(
            session,
            session.examiner,
            environment,
            seen,
            release=releases.get(environment.ownership.release),
            entries=entries,
        )
        for environment in environments
    )


def _releases(session: Session, wanted: Collection[str]) -> Mapping[str, Release]:
    if len(wanted) > FEW:
        return {release.id: release for release in session.ledger.releases() if release.id in wanted}
    known = {identifier: session.known_release(identifier) for identifier in wanted}
    return {identifier: release for identifier, release in known.items() if release is not None}


def _to_look_at(frozen: Sequence[FrozenEnvironment], seen: Examination) -> dict[str, str]:
    """The containers whose files are judged, by id, with a text that changes when they are restarted."""
    return {
        live.id: live.state_key
        for environment in frozen
        if environment.looks_at_files
        for _wanted, live in pair_containers(environment, seen)
        if live is not None
    }


def _explained(
    session: Session,
    frozen: Sequence[FrozenEnvironment],
    seen: Examination,
    changes: Mapping[str, Sequence[FileChange]],
) -> dict[str, frozenset[str]]:
    """The changed paths that are, by their content, as every fresh generation of the release has them."""
    found: dict[str, frozenset[str]] = {}
    for environment in frozen:
        for wanted, live in pair_containers(environment, seen):
            known = environment.start_writes.services.get(wanted.service)
            if live is None or not known:
                continue
            learnt = [change for change in changes.get(live.id, ()) if change.path in known]
            contents = written_contents(session.examiner, live.id, learnt)
            explains = environment.start_writes.explains
            found[live.id] = frozenset(
                change.path for change in learnt if explains(wanted.service, change, contents[change.path])
            )
    return found


def _judge(
    frozen: FrozenEnvironment,
    seen: Examination,
    changes: Mapping[str, Sequence[FileChange]],
    explained: Mapping[str, Collection[str]],
    happenings: Sequence[EngineHappening],
    secrecy: Secrecy,
) -> tuple[Finding, ...]:
    own = [event for event in happenings if event.at >= frozen.begun]
    return judge_environment(frozen, seen, changes=changes, explained=explained, happenings=own, secrecy=secrecy)
