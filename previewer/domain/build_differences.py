"""Services that the definitions of one release build differently: what one shows says little of the other."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.json_value import as_object
from previewer.domain.release import FrozenDefinition, Release
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class BuildDifference:
    """One service, and two definitions that build it from different inputs."""

    service: str
    first: str
    """A definition's name."""
    second: str
    keys: tuple[str, ...]
    """Keys of ``build`` that differ; empty where the section is the same, and the platform is not."""

    def __str__(self) -> str:
        """``web is built differently in production than in staging: build.args``."""
        keys = ", ".join(f"build.{key}" for key in self.keys) or "platform"
        return f"{self.service} is built differently in {self.second} than in {self.first}: {keys}"


def build_differences(release: Release) -> tuple[BuildDifference, ...]:
    """Every service whose image in a definition has other inputs than in the first one that builds it."""
    return tuple(_differences(release))


def _differences(release: Release) -> Iterator[BuildDifference]:
    first: dict[str, str] = {}
    for name, frozen in release.definitions.items():
        for service, artifact in sorted(frozen.artifacts.items()):
            if artifact.input_digest is None:
                continue
            before = release.definitions[first.setdefault(service, name)]
            if before.artifacts[service].input_digest != artifact.input_digest:
                yield BuildDifference(service, first[service], name, _keys(before, frozen, service))


def _keys(one: FrozenDefinition, other: FrozenDefinition, service: str) -> tuple[str, ...]:
    old, new = (as_object(d.definition.services[service].spec.get("build")) for d in (one, other))
    return tuple(sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)))
