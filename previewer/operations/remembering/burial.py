"""Write the tombstones of environments beside their removal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from previewer.background import begin
from previewer.domain.environment import Environment
from previewer.domain.observation import Observation
from previewer.domain.tombstone import LastLine, Tombstone, make_tombstone, time_of_record
from previewer.engine.protocol import Selection
from previewer.ledger.protocol import RecordKind
from previewer.operations.remembering.last_words import LastWords
from previewer.operations.remembering.tombstones import forget_old_tombstones, store_tombstone
from previewer.operations.session import Session


class Burial:
    """Of the environments that one ``down`` removes. It begins to look at them when it is made."""

    def __init__(
        self, session: Session, environments: Sequence[Environment], seen: Observation, causes: Mapping[str, str]
    ) -> None:
        """``seen`` is what there was of them before anything was locked; ``causes`` are by name."""
        self._session = session
        self._environments = {environment.name: environment for environment in environments}
        self._causes = causes
        self._words = self._listen_to(seen)
        self._stones: Future[tuple[Tombstone, ...]] | None = None

    def attend(self, found: Observation) -> None:
        """Take in all that ``found`` has to say, before it is removed, and begin to write the tombstones."""
        lines = dict(self._words.lines())
        unheard = tuple(container for container in found.containers if container.name not in lines)
        if unheard:  # made since the first look
            lines |= LastWords(self._session.engine, self._selection(), unheard, measures=False).lines()
        self._words.wait_for_sizes()
        if self._stones is None:
            self._stones = begin(lambda: self._write(found, lines), name="previewer-tombstone")

    def finish(self) -> tuple[Tombstone, ...]:
        """The tombstones, all written. Raises :class:`PreviewerError` where one could not be."""
        return self._stones.result() if self._stones is not None else ()

    def _listen_to(self, seen: Observation) -> LastWords:
        return LastWords(
            self._session.engine, self._selection(), seen.containers, measures_volumes=bool(seen.volumes)
        )

    def _selection(self) -> Selection:
        one = next(iter(self._environments)) if len(self._environments) == 1 else None
        return Selection(installation=self._session.source.installation, environment=one)

    def _write(self, found: Observation, lines: Mapping[str, Sequence[LastLine]]) -> tuple[Tombstone, ...]:
        self._words.wait_for_volume_sizes()
        stones = []
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
            stones.append(store_tombstone(self._session, stone, said, at=at))
        forget_old_tombstones(self._session, tuple(self._environments), times)
        return tuple(stones)
