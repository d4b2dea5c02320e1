"""What freezing a commit would do, and which services its definitions build differently."""

from __future__ import annotations
from previewer.domain.commit.revision import short_id
from msgspec import Struct
from collections.abc import Iterator
from previewer.domain.compose.definition import Definition
from previewer.domain.json_value import JsonObject, as_object, canonical_json
from previewer.domain.release.release import FrozenDefinition
from previewer.domain.release.release import Release


class FreezeStep(Struct, frozen=True):
    """One image that is to be had."""

    verb: str
    """``pin image`` or ``build image``."""
    name: str
    """A reference, or the service that it is built for."""
    cause: str
    """Ends the sentence "… because"."""


class FreezePlan(Struct, frozen=True):
    """The steps of a freeze. An image whose inputs turn out to be known is found instead of built."""

    commit: str
    steps: tuple[FreezeStep, ...]
    release: str = ""
    """The id of the release that the commit has already: then there are no steps."""

    def text(self) -> str:
        """The title and a line a step, aligned, with its cause."""
        title = f"freeze {short_id(self.commit)}"
        if self.release:
            return f"{title}\n  nothing to do: it is release {short_id(self.release)}"
        verbs = max((len(step.verb) for step in self.steps), default=0)
        names = max((len(step.name) for step in self.steps), default=0)
        lines = (f"{s.verb:<{verbs}}  {s.name:<{names}}  because {s.cause}" for s in self.steps)
        return "\n".join((title, *(f"  {line}" for line in lines)))


class BuildDifference(Struct, frozen=True):
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


def needs_no_more_images(definition: Definition, than: Definition) -> bool:
    """Whether all that ``definition`` is frozen into is frozen for ``than`` anyway."""
    return _sources(definition) <= _sources(than)


def _sources(definition: Definition) -> frozenset[bytes]:
    """What each service's image is made from."""
    freezing = definition.extension.get("freeze")
    found: list[JsonObject] = [
        {key: service.spec.get(key) for key in ("build", "image", "platform")}
        for service in definition.services.values()
    ]
    return frozenset(canonical_json({**source, "freeze": freezing}) for source in found)
