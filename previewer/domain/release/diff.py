"""What differs between two releases: images, the packages in them, definitions. Pure, and the same both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.commit.revision import Change
from previewer.domain.json_value import JsonValue, canonical_json
from previewer.domain.release.attestation import ImagePackages, Package
from previewer.domain.release.release import Artifact, Release

_OPPOSITE = {Change.ADDED: Change.REMOVED, Change.REMOVED: Change.ADDED, Change.CHANGED: Change.CHANGED}


class ImageChange(Struct, frozen=True):
    """A service that has another image, or that only one of the releases has."""

    definition: str
    service: str
    before: Artifact | None
    after: Artifact | None

    @property
    def change(self) -> Change:
        """What became of it."""
        return change_of(self.before, self.after)


class PackageChange(Struct, frozen=True):
    """A package that is there in other versions, or in only one of two images."""

    services: tuple[str, ...]
    """The services whose images these are; sorted."""
    kind: str
    """``deb``, ``pypi``, …"""
    name: str
    before: tuple[str, ...]
    """Its versions, sorted; npm has several of one package side by side."""
    after: tuple[str, ...]

    @property
    def change(self) -> Change:
        """What became of it."""
        return change_of(self.before or None, self.after or None)


class DefinitionChange(Struct, frozen=True):
    """A value of a definition that differs."""

    definition: str
    path: str
    """``services.web.environment.PRICE``; ``[]`` for an item of a list whose length differs."""
    change: Change
    before: JsonValue
    after: JsonValue


class ReleaseDiff(Struct, frozen=True):
    """Everything that differs, sorted."""

    images: tuple[ImageChange, ...] = ()
    packages: tuple[PackageChange, ...] = ()
    definitions: tuple[DefinitionChange, ...] = ()
    unknown: tuple[str, ...] = ()
    """Services whose image changed and the packages of one image are not known."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.images or self.packages or self.definitions)

    def reversed(self) -> ReleaseDiff:
        """The same, looked at from the other side."""
        return ReleaseDiff(
            images=tuple(replace(found, before=found.after, after=found.before) for found in self.images),
            packages=tuple(replace(found, before=found.after, after=found.before) for found in self.packages),
            definitions=tuple(
                sorted(
                    (
                        replace(found, change=_OPPOSITE[found.change], before=found.after, after=found.before)
                        for found in self.definitions
                    ),
                    key=_definition_order,
                )
            ),
            unknown=self.unknown,
        )


Packages = Mapping[str, ImagePackages]
"""The packages of each image where they are known."""


def diff_releases(old: Release, new: Release, packages: Packages) -> ReleaseDiff:
    """What differs between ``old`` and ``new``; ``packages`` are those of both releases' images."""
    images = tuple(_images(old, new))
    pairs: dict[tuple[str, str], set[str]] = {}
    for found in images:
        if found.before is not None and found.after is not None:
            pairs.setdefault((found.before.image, found.after.image), set()).add(found.service)
    known = {pair: names for pair, names in pairs.items() if pair[0] in packages and pair[1] in packages}
    changes = [
        change
        for (before, after), names in known.items()
        for change in _packages(tuple(sorted(names)), packages[before].packages, packages[after].packages)
    ]
    unknown = {name for pair, names in pairs.items() if pair not in known for name in names}
    return ReleaseDiff(
        images=images,
        packages=tuple(sorted(set(changes), key=lambda found: (found.services, found.kind, found.name))),
        definitions=tuple(sorted(_definitions(old, new), key=_definition_order)),
        unknown=tuple(sorted(unknown)),
    )


def change_of(before: object, after: object) -> Change:
    """What became of something that is ``None`` where it is not there."""
    if before is None:
        return Change.ADDED
    return Change.REMOVED if after is None else Change.CHANGED


def _images(old: Release, new: Release) -> Iterator[ImageChange]:
    before, after = _artifacts(old), _artifacts(new)
    for definition, service in sorted({*before, *after}):
        one, other = before.get((definition, service)), after.get((definition, service))
        if one is None or other is None or (one.image, one.platform) != (other.image, other.platform):
            yield ImageChange(definition, service, one, other)


def _artifacts(release: Release) -> Mapping[tuple[str, str], Artifact]:
    return {
        (name, service): artifact
        for name, frozen in release.definitions.items()
        for service, artifact in frozen.artifacts.items()
    }


def _packages(
    services: tuple[str, ...], old: Iterable[Package], new: Iterable[Package]
) -> Iterator[PackageChange]:
    before, after = _versions(old), _versions(new)
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield PackageChange(services, key[0], key[1], before.get(key, ()), after.get(key, ()))


def _versions(packages: Iterable[Package]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], set[str]] = {}
    for package in packages:
        found.setdefault((package.kind.value, package.name), set()).add(package.version)
    return {key: tuple(sorted(versions)) for key, versions in found.items()}


def _definitions(old: Release, new: Release) -> Iterator[DefinitionChange]:
    before = {name: frozen.definition.model for name, frozen in old.definitions.items()}
    after = {name: frozen.definition.model for name, frozen in new.definitions.items()}
    for name in sorted({*before, *after}):
        if name not in before or name not in after:
            yield DefinitionChange(name, "", change_of(before.get(name), after.get(name)), None, None)
            continue
        for path, change, one, other in _values(before[name], after[name], ""):
            yield DefinitionChange(name, path, change, one, other)


_Found = tuple[str, Change, JsonValue, JsonValue]


def _values(before: JsonValue, after: JsonValue, path: str) -> Iterator[_Found]:
    """Every place below ``path`` where two values differ, as deep as both go."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            below = f"{path}.{key}" if path else key
            if key not in after:
                yield below, Change.REMOVED, before[key], None
            elif key not in before:
                yield below, Change.ADDED, None, after[key]
            else:
                yield from _values(before[key], after[key], below)
    elif _is_list(before) and _is_list(after):
        yield from _items(_as_items(before), _as_items(after), path)
    elif canonical_json(before) != canonical_json(after):
        yield path, Change.CHANGED, before, after


def _items(before: Collection[JsonValue], after: Collection[JsonValue], path: str) -> Iterator[_Found]:
    """Lists of one length item by item; others by which items came and went."""
    if len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _values(one, other, f"{path}[{index}]")
        return
    gone, come = Counter(map(canonical_json, before)), Counter(map(canonical_json, after))
    for item in _beyond(before, come):
        yield f"{path}[]", Change.REMOVED, item, None
    for item in _beyond(after, gone):
        yield f"{path}[]", Change.ADDED, None, item


def _beyond(items: Iterable[JsonValue], others: Counter[bytes]) -> Iterator[JsonValue]:
    """Those of ``items`` that ``others`` have no counterpart for."""
    left = others.copy()
    for item in items:
        spelt = canonical_json(item)
        if left[spelt] > 0:
            left[spelt] -= 1
        else:
            yield item


def _is_list(value: JsonValue) -> bool:
    return isinstance(value, list | tuple)


def _as_items(value: JsonValue) -> Collection[JsonValue]:
    return value if isinstance(value, list | tuple) else ()


def _definition_order(change: DefinitionChange) -> tuple[str, str, bytes, str, bytes]:
    """Total, so that both ways round the same changes come in the same order."""
    before, after = canonical_json(change.before), canonical_json(change.after)
    return change.definition, change.path, min(before, after), change.change.value, max(before, after)
