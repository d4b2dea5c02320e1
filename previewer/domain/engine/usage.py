"""What a container uses of its machine: one sample, and what a row of samples says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

SAMPLES_KEPT = 32
"""Of each container: half a minute of an engine that tells once a second."""


class UsageSample(Struct, frozen=True):
    """One look at a running container."""

    container: str
    """The container's name."""
    at: datetime
    cpu: float
    """Of one core since the sample before: 0.5 for half a core."""
    memory: int
    """Bytes in use, without the page cache that can be dropped."""
    memory_limit: int
    """Bytes; mostly the machine's whole memory where the container has no limit of its own, 0 for unknown."""
    received: int
    """Bytes over all networks since its start."""
    sent: int


class Usage(Struct, frozen=True):
    """What one or several containers use now, and the CPU share of the last samples."""

    cpu: float = 0.0
    memory: int = 0
    memory_limit: int = 0
    received: float = 0.0
    """Bytes a second."""
    sent: float = 0.0
    history: tuple[float, ...] = ()
    """CPU shares, oldest first."""


class UsageBoard:
    """The last samples of containers. Belongs to one thread."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[UsageSample]] = {}

    def add(self, samples: Iterable[UsageSample]) -> None:
        """Take in new samples; what is not newer than the last one of its container says nothing."""
        for sample in samples:
            kept = self._samples.setdefault(sample.container, deque(maxlen=SAMPLES_KEPT))
            if not kept or sample.at > kept[-1].at:
                kept.append(sample)

    def has(self, containers: Iterable[str]) -> bool:
        """Whether something is known of each of them."""
        return all(name in self._samples for name in containers)

    def keep_only(self, containers: Iterable[str]) -> None:
        """Forget the others: they are not looked at any more."""
        kept = set(containers)
        self._samples = {name: samples for name, samples in self._samples.items() if name in kept}

    def of(self, containers: Iterable[str]) -> Usage | None:
        """What these containers use together; ``None`` while nothing is known of any."""
        known = [_usage(samples) for name in containers if (samples := self._samples.get(name))]
        if not known:
            return None
        longest = max(len(one.history) for one in known)
        padded = [(0.0,) * (longest - len(one.history)) + one.history for one in known]
        return Usage(
            cpu=sum(one.cpu for one in known),
            memory=sum(one.memory for one in known),
            memory_limit=sum(one.memory_limit for one in known) if all(one.memory_limit for one in known) else 0,
            received=sum(one.received for one in known),
            sent=sum(one.sent for one in known),
            history=tuple(map(sum, zip(*padded, strict=True))),
        )


def _usage(samples: Sequence[UsageSample]) -> Usage:
    last, before = samples[-1], samples[-2] if len(samples) > 1 else samples[-1]
    seconds = (last.at - before.at).total_seconds()
    return Usage(
        cpu=last.cpu,
        memory=last.memory,
        memory_limit=last.memory_limit,
        received=max(0, last.received - before.received) / seconds if seconds > 0 else 0.0,
        sent=max(0, last.sent - before.sent) / seconds if seconds > 0 else 0.0,
        history=tuple(sample.cpu for sample in samples),
    )
