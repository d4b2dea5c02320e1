"""What a definition comes to, as a flat mapping: one entry a fact, so that comparing is comparing two mappings.

Compared is what is asked of the engine: with the limits, rights and ways out that previewer itself applies.
Paths are those of the normalised model (``services.web.environment.LOG_LEVEL``), which is what allow-lists are
written in. Where the order of a list means nothing, each of its entries is a fact by what it is about: a port by
its number in the container, a mount by its target, a capability by its name. What says nothing, as an empty
mapping, is no fact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.key import EngineField
from previewer.domain.compose.keys import SERVICE_KEYS
from previewer.domain.compose.mounted_files import tree_sources
from previewer.domain.compose.routes import declared_routes
from previewer.domain.compose.service import Service
from previewer.domain.isolation.isolate import apply_conditions
from previewer.domain.json_value import JsonObject, JsonValue, as_object, as_text, canonical_json
from previewer.domain.parity.difference import ParitySide

Facts = Mapping[str, JsonValue]
"""By path. No value is ``None``, an empty list or an empty mapping."""

_EXTENSION = "x-previewer"
PRESENT: JsonValue = {"declared": True}
"""The value of a fact that is one by being there. No other value is a mapping: those are taken apart."""
_NOT_COMPARED = frozenset({"name", "x-previewer"})
_FROZEN_INTO_IMAGE = frozenset({"image", "build", "pull_policy", "platform"})
_REPLICAS = frozenset({"scale", "replicas"})
_KNOWN_BY = {row.path.rpartition(".")[2]: row.known_by for row in SERVICE_KEYS if row.known_by is not None}
"""Lists whose order means nothing: by which of their values an entry is known."""
_EMPTY_COUNTS = {
    row.path for row in SERVICE_KEYS if isinstance(row.mapping, EngineField) and row.mapping.keeps_empty
}
"""An empty list takes away what the image has."""


def facts_of(side: ParitySide, *, with_images: bool, as_preview: bool = False) -> Facts:
    """Every fact of one side.

    ``with_images`` says what makes a service's image: its digest, or, for a comparison with what was not frozen
    yet, what the definition says of it. ``as_preview`` is what it would be if it ran as one.
    """
    found: dict[str, JsonValue] = dict(_extension_facts(side.definition))
    role, trust = (Role.PREVIEW, None) if as_preview else (side.role, side.trust)
    applied = apply_conditions(side.definition, role=role, trust=trust)
    for name, service in applied.services.items():
        if side.services is None or name in side.services:
            path = f"services.{name}"
            found[path] = PRESENT
            found |= _service_facts(path, service, with_images=with_images)
            if with_images and name in side.artifacts:
                found[f"{path}.image"] = side.artifacts[name].image
    for kind, value in applied.model.items():
        if kind in ("networks", "volumes", "configs", "secrets"):
            for key, resource in as_object(value).items():
                found[f"{kind}.{key}"] = PRESENT
                found |= dict(_flatten(f"{kind}.{key}", _without(as_object(resource), _NOT_COMPARED)))
        elif kind not in _NOT_COMPARED and kind != "services" and not kind.startswith("x-"):
            found |= dict(_flatten(kind, value))
    for source in tree_sources(side.definition):
        if source in side.files:
            found[f"files.{source}"] = side.files[source]
    return found


def _extension_facts(definition: Definition) -> Iterator[tuple[str, JsonValue]]:
    """What no create body says, of how previewer runs the definition; its other keys show in what they change."""
    extension = definition.extension
    yield f"{_EXTENSION}.immutability", extension.immutability
    for service, paths in extension.writable.items():
        for path in paths:
            yield f"{_EXTENSION}.writable.{service}.{path}", PRESENT
    for rank, route in enumerate(declared_routes(definition)):
        known_by = f"{_EXTENSION}.routes.{route.name or f'{route.service}/{route.port}'}"
        yield known_by, [rank, route.service, route.port]


def package_facts(side: ParitySide, service: str) -> Facts:
    """The packages of one service's image."""
    return {f"services.{service}.packages.{name}": v for name, v in side.packages.get(service, {}).items()}


def _service_facts(path: str, service: Service, *, with_images: bool) -> Facts:
    left_out = _NOT_COMPARED | _REPLICAS | (_FROZEN_INTO_IMAGE if with_images else frozenset())
    deploy = _without(as_object(service.spec.get("deploy")), _REPLICAS)
    spec = {**_without(service.spec, left_out), "deploy": deploy}
    found = dict(_flatten(path, {key: value for key, value in spec.items() if not key.startswith("x-")}))
    found[f"{path}.replicas"] = service.replicas
    return found


def _flatten(path: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ("networks", "environment", "labels", "depends_on") and isinstance(inner, Mapping):
                yield from _entries(f"{path}.{key}", inner)
            else:
                yield from _flatten(f"{path}.{key}", inner)
    elif isinstance(value, list | tuple):
        yield from _list_facts(path, value)
    elif value is not None:
        yield path, value


def _entries(path: str, value: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    """A mapping whose keys say something by being there."""
    for key, inner in value.items():
        inside = tuple(_flatten(f"{path}.{key}", inner))
        yield from inside or [(f"{path}.{key}", PRESENT)]


def _list_facts(path: str, value: list[JsonValue] | tuple[JsonValue, ...]) -> Iterator[tuple[str, JsonValue]]:
    name = path.rpartition(".")[2]
    if not value and name not in _EMPTY_COUNTS:
        return
    keys = _KNOWN_BY.get(name)
    if keys == ():
        yield from ((f"{path}.{_text(entry)}", PRESENT) for entry in value)
    elif keys is not None and all(isinstance(entry, Mapping) for entry in value):
        seen: Counter[str] = Counter()
        for entry in map(as_object, value):
            known_by = "/".join(_text(entry[key]) for key in keys if entry.get(key) is not None)
            seen[known_by] += 1
            place = f"{path}.{known_by}" + (f"#{seen[known_by]}" if seen[known_by] > 1 else "")
            yield place, PRESENT
            yield from _flatten(place, _without(entry, frozenset(keys)))
    else:
        yield path, list(value)


def _without(value: JsonObject, keys: frozenset[str]) -> dict[str, JsonValue]:
    return {key: inner for key, inner in value.items() if key not in keys}


def _text(value: JsonValue) -> str:
    return as_text(value) or canonical_json(value).decode("utf-8", "replace")
