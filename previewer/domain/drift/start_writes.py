"""What every fresh generation of a release writes until it is healthy, as its own runs have shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from previewer.domain.drift.file_places import place_of
from previewer.domain.drift.finding import Severity
from previewer.domain.engine.examination import ChangeKind, FileChange

VARIES = ""
"""In the place of a digest, where runs write different contents, or more than is compared."""
DELETED = "deleted"
"""In the place of a digest, where a start script removes what the image has."""


class StartWrites(msgspec.Struct, frozen=True):
    """Learnt of one definition of a release, from generations that were untouched when they became healthy."""

    services: dict[str, dict[str, str]] = {}
    """Digests by path, for each service; :data:`VARIES` where a path differed in another run."""

    def joined(self, written: Mapping[str, Mapping[str, str]]) -> StartWrites:
        """What is known after one more run (or one more container of a service)."""
        found = {service: dict(paths) for service, paths in self.services.items()}
        for service, paths in written.items():
            known = found.setdefault(service, {})
            for path, digest in paths.items():
                known[path] = digest if known.get(path, digest) == digest else VARIES
        return StartWrites(found)

    def explains(self, service: str, change: FileChange, digest: str) -> bool:
        """Whether it is what a fresh generation has there, or data that it began there and goes on writing."""
        known = self.services.get(service, {}).get(change.path)
        if known is None or (known == DELETED) != (change.kind is ChangeKind.DELETED):
            return False
        return known in (VARIES, digest) or (change.kind is ChangeKind.ADDED and may_go_on(change.path))


def may_go_on(path: str) -> bool:
    """Whether what was begun at a path may change as long as the program runs: it is no program and no setting."""
    return place_of(path).severity is not Severity.HIGH


NOTHING_LEARNT = StartWrites()
