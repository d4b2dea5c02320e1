"""A session without a repository and without an engine, for tests of decisions and of front ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from previewer.engine.memory import MemoryEngine
from previewer.engine.protocol import Engine
from previewer.freeze.memory import MemoryImages
from previewer.freeze.protocol import Images
from previewer.ledger.memory import MemoryLedger
from previewer.ledger.protocol import Ledger
from previewer.operations.session import Session
from previewer.settings.load import Settings
from previewer.source.memory import MemorySource
from previewer.source.protocol import Source

DEFAULT_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MemoryRoom:
    """Both stages' view of an engine in memory."""

    engine: Engine
    images: Images

    def close(self) -> None:
        """End the engine's streams."""
        self.engine.close()


def memory_session(
    *,
    source: Source | None = None,
    engine: Engine | None = None,
    images: Images | None = None,
    ledger: Ledger | None = None,
    settings: Settings | None = None,
    now: datetime = DEFAULT_NOW,
    connect: Callable[[], MemoryRoom] | None = None,
) -> Session:
    """A session on what is given and on empty memory for the rest. Time stands still, ids count up.

    ``connect`` replaces the engine: one that raises :class:`EngineUnreachableError` makes it unreachable.
    """
    numbers = count(1)
    room = MemoryRoom(engine or MemoryEngine(), images or MemoryImages())
    kept = ledger or MemoryLedger()
    read = settings or Settings()
    return Session(
        source=source or MemorySource(),
        open_ledger=lambda: kept,
        read_settings=lambda: read,
        connect=connect or (lambda: room),
        clock=lambda: now,
        new_id=lambda: f"operation-{next(numbers)}",
    )
