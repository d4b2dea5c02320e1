"""Free the disk of images that nothing runs any more."""

from __future__ import annotations

import time
from dataclasses import dataclass

from previewer.domain.cancellation import Cancellation
from previewer.domain.history import LedgerEntry
from previewer.domain.progress import Outcome, Report, TaskFinished, TaskStarted
from previewer.domain.wording import counted
from previewer.engine.protocol import Selection
from previewer.operations.session import Session


@dataclass(frozen=True, slots=True)
class PrunableImage:
    """An image that was built for this project and that no environment runs."""

    image: str
    """``sha256:…``."""
    bytes: int
    """As the engine counts them: layers that other images share are counted again."""
    reason: str


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What pruning would remove."""

    images: tuple[PrunableImage, ...]

    @property
    def bytes(self) -> int:
        """Of all of them."""
        return sum(image.bytes for image in self.images)


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What pruning removed."""

    removed: tuple[str, ...]
    bytes: int


def plan_prune(session: Session) -> PrunePlan:
    """The images that were built for this project, less those that any environment on the engine runs."""
    running = {container.image for container in session.engine.observe(Selection()).containers}
    built = session.images.list_built(session.project)
    return PrunePlan(
        tuple(
            PrunableImage(image, size, "no environment runs it")
            for image, size in sorted(built.items())
            if image not in running
        )
    )


def prune(session: Session, *, report: Report, cancellation: Cancellation) -> PruneResult:
    """Remove what :func:`plan_prune` lists. A release keeps its manifest: freezing it again builds it again."""
    removed: list[str] = []
    freed = 0
    for image in plan_prune(session).images:
        cancellation.check()
        task = f"remove image {image.image}"
        report(TaskStarted(task, "prune"))
        begun = time.monotonic()
        session.images.remove(image.image)
        report(TaskFinished(task, Outcome.DONE, time.monotonic() - begun))
        removed.append(image.image)
        freed += image.bytes
    session.images.unname_bases()
    if removed:
        session.ledger.append(
            LedgerEntry(
                action="prune",
                at=session.clock(),
                actor=session.source.actor,
                detail=f"{counted(len(removed), 'image')}, {freed} bytes",
            )
        )
    return PruneResult(tuple(removed), freed)
