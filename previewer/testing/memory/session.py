"""A session without a repository and without an engine, for tests of decisions and of front ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from itertools import count

from msgspec import Struct, field

from previewer.engine.examiner import Examiner
from previewer.engine.protocol import Engine, NodeProbe
from previewer.engine.router import Router
from previewer.engine.tunnel import PortTunnel
from previewer.errors import UnsupportedError
from previewer.freeze.protocol import Images
from previewer.ledger.protocol import Ledger
from previewer.session.readings import ForgottenReadings, Readings
from previewer.session.session import Session
from previewer.settings.model import Settings
from previewer.source.protocol import Source
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.examiner import MemoryDebugger, MemoryExaminer
from previewer.testing.memory.images import BYTES_OF_AN_IMAGE, MemoryImages
from previewer.testing.memory.ledger import MemoryLedger
from previewer.testing.memory.router import MemoryRouter
from previewer.testing.memory.source import MemorySource

DEFAULT_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class MemoryClients(Struct, frozen=True):
    """Both stages' view of an engine in memory."""

    engine: Engine
    images: Images
    given_examiner: Examiner | None = None
    """``None`` for one that looks at ``engine``."""
    router: Router = field(default_factory=MemoryRouter)
    given_probe: NodeProbe | None = None

    @property
    def examiner(self) -> Examiner:
        """A close look at the engine."""
        return self.given_examiner or MemoryExaminer(self.engine)

    @property
    def debugger(self) -> MemoryDebugger:
        """Copies of its services, whose shells end at once."""
        return MemoryDebugger(self.engine)

    @property
    def probe(self) -> NodeProbe | None:
        """What the test gave."""
        return self.given_probe

    def image_sizes(self, images: Collection[str]) -> Mapping[str, int]:
        """As every image in memory: a megabyte each."""
        return dict.fromkeys(sorted(set(images) - self.images.missing(images)), BYTES_OF_AN_IMAGE)

    def forward(self, places: Iterable[tuple[str, int]]) -> PortTunnel:
        """There is no other machine."""
        raise UnsupportedError("memory has no tunnel", where=str([*places]))

    def close(self) -> None:
        """End the engine's streams."""
        self.engine.close()


def memory_session(
    *,
    source: Source | None = None,
    engine: Engine | None = None,
    images: Images | None = None,
    examiner: Examiner | None = None,
    ledger: Ledger | None = None,
    settings: Settings | None = None,
    router: Router | None = None,
    readings: Readings | None = None,
    now: datetime = DEFAULT_NOW,
    connect: Callable[[], MemoryClients] | None = None,
) -> Session:
    """A session on what is given and on empty memory for the rest. Time stands still, ids count up.

    ``connect`` replaces the engine: one that raises :class:`EngineUnreachableError` makes it unreachable.
    """
    numbers = count(1)
    clients = MemoryClients(engine or MemoryEngine(), images or MemoryImages(), examiner, router or MemoryRouter())
    kept = ledger or MemoryLedger()
    read = settings or Settings(settle_time=0.0)
    return Session(
        source=source or MemorySource(),
        open_ledger=lambda: kept,
        read_settings=lambda: read,
        connect=connect or (lambda: clients),
        open_readings=lambda: readings or ForgottenReadings(),
        clock=lambda: now,
        new_id=lambda: f"operation-{next(numbers)}",
    )
