"""What every fresh generation of a release writes until it is healthy, as its own runs have shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

VARIES = ""
"""In the place of a digest, where runs write different contents."""


class StartWrites(msgspec.Struct, frozen=True):
    """Learnt of one definition of a release, from generations that were untouched when they became healthy."""

    services: dict[str, dict[str, str]] = {}
    """By service: a digest of what is at each path, :data:`VARIES` where it was another in another run."""

    def joined(self, written: Mapping[str, Mapping[str, str]]) -> StartWrites:
        """What is known after one more run (or one more container of a service)."""
        found = {service: dict(paths) for service, paths in self.services.items()}
        for service, paths in written.items():
            known = found.setdefault(service, {})
            for path, digest in paths.items():
                known[path] = digest if known.get(path, digest) == digest else VARIES
        return StartWrites(found)

    def explains(self, service: str, path: str, digest: str) -> bool:
        """Whether it is what a fresh generation has there."""
        known = self.services.get(service, {}).get(path)
        return known is not None and known in (VARIES, digest)


NOTHING_LEARNT = StartWrites()
