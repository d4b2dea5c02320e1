"""Whether a release may go on to the next role: the same images as where it comes from, and proven there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import SERVING, Environment
from previewer.domain.record.notes import EnvironmentNotes
from previewer.domain.release.release import FrozenDefinition, Release

EARLIER: Mapping[Role, tuple[Role, ...]] = {
    Role.PREVIEW: (),
    Role.STAGING: (Role.PREVIEW,),
    Role.PRODUCTION: (Role.STAGING, Role.PREVIEW),
}
"""Where a release comes from on its way to a role, nearest first."""


def other_images(release: Release, definition: str, origin: Environment | None) -> Iterator[str]:
    """The services that would not run the very image that they run where the release comes from, each with why.

    That is ``origin``, else the release's definition for the nearest earlier role. Services that only one of both
    has are not compared.
    """
    target = release.definitions[definition]
    if origin is not None:
        for service in origin.services:
            wanted = target.artifacts.get(service.name)
            running = {container.image for container in service.containers}
            if not running <= _frozen_images(release, service.name):
                yield f"{service.name} of {origin.name} does not run the release's image"
            elif wanted is not None and running != {wanted.image}:
                yield f"{service.name} would run another image than in {origin.name}"
        return
    if (earlier := _earlier(release, target)) is None:
        return
    for name, artifact in earlier.artifacts.items():
        if name in target.artifacts and target.artifacts[name].image != artifact.image:
            yield f"{name} would run another image than in {earlier.definition.role.value}"


def ailments(origin: Environment) -> Iterator[str]:
    """Why what runs in ``origin`` cannot be trusted to be what was frozen, and to work."""
    if origin.is_tainted:
        yield f"{origin.name} was touched: {origin.notes.tainted}"
    if origin.state not in SERVING:
        yield f"{origin.name} is {origin.state.value}"


def is_proven(release: Release, staging: Iterable[Environment], notes: Iterable[EnvironmentNotes]) -> bool:
    """Whether the release serves in staging, untouched, or did so until another one took its place."""
    if any(e.ownership.release == release.id and not tuple(ailments(e)) for e in staging):
        return True
    return any(good.release == release.id for note in notes for good in note.known_good)


def has_role(release: Release, role: Role) -> bool:
    """Whether a definition of the release is for ``role``."""
    return any(frozen.definition.role is role for frozen in release.definitions.values())


def _frozen_images(release: Release, service: str) -> frozenset[str]:
    return frozenset(f.artifacts[service].image for f in release.definitions.values() if service in f.artifacts)


def _earlier(release: Release, target: FrozenDefinition) -> FrozenDefinition | None:
    for role in EARLIER[target.definition.role]:
        for frozen in release.definitions.values():
            if frozen.definition.role is role:
                return frozen
    return None
