"""Keep, find and write what is known of environments that are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from previewer.background import begin
from previewer.domain.engine.observation import Observation
from previewer.domain.environment.environment import Environment
from previewer.domain.json_value import canonical_json
from previewer.domain.naming import environment_name, slug
from previewer.domain.record.tombstone import (
    LastLine,
    Tombstone,
    join_tombstones,
    line_to_bytes,
    make_tombstone,
    newest_record,
    superseded_records,
    time_of_record,
    tombstone_to_json,
)
from previewer.domain.stored import from_bytes
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError, SourceError
from previewer.ledger.protocol import RecordKind
from previewer.records.final_logs import FinalLogs
from previewer.records.masking import mask_of
from previewer.session.secrets import lacks_secrets
from previewer.session.session import Session

ABOUT_FILE = "tombstone.json"
LINES_FILE = "lines.jsonl"


class Remembered(Struct, frozen=True):
    """An environment that is gone, and what it wrote last."""

    tombstone: Tombstone
    lines: tuple[LastLine, ...]
    """The lines of all its containers, by time."""


def store_tombstone(
    session: Session, tombstone: Tombstone, lines: Sequence[LastLine], *, at: datetime
) -> Tombstone:
    """Keep a tombstone; with an earlier one of the same generation, whose removal was not complete, as one.

    Values of secrets are replaced; where one cannot be had, no line is kept. ``at`` is what orders the
    environment's tombstones.
    """
    mask = mask_of(session, tombstone.release)
    release = session.known_release(tombstone.release)
    if release is not None and any(lacks_secrets(session, f.definition) for f in release.definitions.values()):
        lines = ()
    kept = [replace(line, text=mask(line.text)) for line in lines]
    if (
        earlier := _load(session, tombstone.name)
    ) is not None and earlier.tombstone.created_at == tombstone.created_at:
        known = {line.container for line in kept}
        kept += [line for line in earlier.lines if line.container not in known]
        tombstone = join_tombstones(earlier.tombstone, tombstone)
    content = b"".join(line_to_bytes(line) + b"\n" for line in _by_time(kept))
    files = {ABOUT_FILE: canonical_json(tombstone_to_json(tombstone)), LINES_FILE: content}
    session.ledger.store_record(RecordKind.TOMBSTONE, tombstone.name, files, at=at)
    return tombstone


def forget_old_tombstones(session: Session, environments: Sequence[str], times: Mapping[str, datetime]) -> None:
    """Forget all tombstones of these environments but the newest few of each, by when they were written."""
    for environment in environments:
        for name in superseded_records(times, environment):
            session.ledger.remove_record(RecordKind.TOMBSTONE, name)


def find_tombstone(session: Session, text: str) -> Remembered:
    """The newest tombstone of the environment that ``text``, its name, branch or role, means.

    Raises :class:`NotFoundError` where nothing is known of such an environment.
    """
    times = session.ledger.record_times(RecordKind.TOMBSTONE)
    for candidate in (text, environment_name(session.project, text), slug(text)):
        if (name := newest_record(times, candidate)) and (found := _load(session, name)) is not None:
            return found
    raise NotFoundError(
        "there is no record of such an environment", where=text, hint="`previewer history` says what was done"
    )


def _load(session: Session, name: str) -> Remembered | None:
    files = session.ledger.load_record(RecordKind.TOMBSTONE, name)
    if files is None:
        return None
    try:
        lines = tuple(from_bytes(line, LastLine) for line in files.get(LINES_FILE, b"").splitlines())
        return Remembered(from_bytes(files.get(ABOUT_FILE, b""), Tombstone), lines)
    except ValueError as error:
        raise SourceError(f"the tombstone cannot be read: {error}", where=name) from error


def _by_time(lines: Sequence[LastLine]) -> Sequence[LastLine]:
    """Lines without a time come after all others: they say why there is no log."""
    return sorted(lines, key=lambda line: (line.at is None, line.at.timestamp() if line.at else 0.0))


class TombstoneWriter:
    """Writes tombstones of the environments that one ``down`` removes; begins to read them when it is made."""

    def __init__(
        self, session: Session, environments: Sequence[Environment], seen: Observation, causes: Mapping[str, str]
    ) -> None:
        """``seen`` is what there was of them before anything was locked; ``causes`` are by name."""
        self._session = session
        self._environments = {environment.name: environment for environment in environments}
        self._causes = causes
        self._words = self._listen_to(seen)
        self._tombstones: Future[tuple[Tombstone, ...]] | None = None

    def capture(self, found: Observation) -> None:
        """Take in all that ``found`` has to say, before it is removed, and begin to write the tombstones."""
        lines = dict(self._words.lines())
        unread = tuple(container for container in found.containers if container.name not in lines)
        if unread:  # made since the first look
            lines |= FinalLogs(self._session.engine, self._selection(), unread, measures=False).lines()
        self._words.wait_for_sizes()
        if self._tombstones is None:
            self._tombstones = begin(lambda: self._write(found, lines), name="previewer-tombstone")

    def finish(self) -> tuple[Tombstone, ...]:
        """The tombstones, all written. Raises :class:`PreviewerError` where one could not be."""
        return self._tombstones.result() if self._tombstones is not None else ()

    def _listen_to(self, seen: Observation) -> FinalLogs:
        return FinalLogs(
            self._session.engine, self._selection(), seen.containers, measures_volumes=bool(seen.volumes)
        )

    def _selection(self) -> Selection:
        one = next(iter(self._environments)) if len(self._environments) == 1 else None
        return Selection(installation=self._session.source.installation, environment=one)

    def _write(self, found: Observation, lines: Mapping[str, Sequence[LastLine]]) -> tuple[Tombstone, ...]:
        self._words.wait_for_volume_sizes()
        tombstones = []
        times = dict(self._session.ledger.record_times(RecordKind.TOMBSTONE))
        for name, environment in self._environments.items():
            theirs = found.of(name)
            if theirs.is_empty:
                continue
            stone = make_tombstone(
                theirs,
                removed_at=self._session.clock(),
                actor=self._session.source.actor,
                cause=self._causes[name],
                kept=environment.notes.kept,
                sizes=self._words.sizes(),
            )
            said = [line for container in theirs.containers for line in lines.get(container.name, ())]
            times[stone.name] = at = time_of_record(times, name, stone.removed_at)
            tombstones.append(store_tombstone(self._session, stone, said, at=at))
        forget_old_tombstones(self._session, tuple(self._environments), times)
        return tuple(tombstones)
