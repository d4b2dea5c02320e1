"""Changes of a model: what they are and how they are applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from previewer.domain.compose.definition import Definition, ModelPath, Role
from previewer.domain.compose.service import Service
from previewer.domain.json_value import JsonValue, value_at
from previewer.domain.policy.trust import Limits, Trust

LOOPBACK = "127.0.0.1"


class Change(Struct, frozen=True):
    """One value that is set, replaced or taken out."""

    path: ModelPath
    before: JsonValue
    """``None`` for what was not there."""
    after: JsonValue
    """``None`` to take it out."""
    reason: str = ""
    """Ends the sentence "… because"; empty for what is not in the definition and needs no explanation."""


class Circumstances(Struct, frozen=True):
    """What decides about changes besides the service itself."""

    definition: Definition
    role: Role
    trust: Trust
    limits: Limits
    publish: str = LOOPBACK
    """The host address that ports without a fixed one are published at."""


def change_service(service: Service, *keys: str, after: JsonValue, reason: str = "") -> Change:
    """A change of the value that ``keys`` lead to in ``service``."""
    return Change(("services", service.name, *keys), value_at(service.spec, *keys), after, reason)


def apply_changes(value: JsonValue, changes: Iterable[tuple[ModelPath, JsonValue]]) -> JsonValue:
    """``value`` with what ``changes`` (path and new value, ``None`` to remove) say. No path may begin another."""
    below: dict[str, list[tuple[ModelPath, JsonValue]]] = {}
    for path, after in changes:
        if not path:
            return after
        below.setdefault(path[0], []).append((path[1:], after))
    if isinstance(value, list | tuple):
        items = (apply_changes(item, below.get(str(index), ())) for index, item in enumerate(value))
        kept = [item for index, item in enumerate(items) if item is not None or str(index) not in below]
        return [*kept, *_added(below, range(len(value), len(value) + len(below)))]
    table = value if isinstance(value, Mapping) else {}
    if not below:
        return value
    changed = {**table, **{key: apply_changes(table.get(key), inner) for key, inner in below.items()}}
    return {key: item for key, item in changed.items() if item is not None or key not in below}


def _added(below: Mapping[str, list[tuple[ModelPath, JsonValue]]], numbers: range) -> Iterator[JsonValue]:
    for number in numbers:
        if str(number) in below:
            yield apply_changes(None, below[str(number)])
