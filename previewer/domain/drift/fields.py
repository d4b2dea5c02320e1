"""The normal form of an engine object, one field a fact, and the request it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from msgspec import Struct

from previewer.domain.compose.key import Weight
from previewer.domain.compose.keys import SERVICE_TABLE
from previewer.domain.drift.finding import Severity
from previewer.domain.json_value import JsonValue, as_text, canonical_json
from previewer.domain.labels import ASKED, COMPOSE_PREFIX, PREFIX

Fields = Mapping[str, JsonValue]
"""By name. A field that is not there says nothing: its value is the engine's default."""

ENVIRONMENT = "environment."
LABELS = "labels."
MOUNTS = "mounts."
NETWORKS = "networks."
PORTS = "ports."


class FieldDifference(Struct, frozen=True):
    """One field that is not the same on both sides."""

    name: str
    frozen: JsonValue
    """``None`` where only the live one says something."""
    live: JsonValue
    """``None`` where only the frozen one does."""


def compare_fields(frozen: Fields, live: Fields) -> Iterator[FieldDifference]:
    """The fields that differ, sorted by name."""
    for name in sorted({*frozen, *live}):
        if frozen.get(name) != live.get(name):
            yield FieldDifference(name, frozen.get(name), live.get(name))


def below(fields: Fields, prefix: str) -> dict[str, JsonValue]:
    """The fields whose names begin with ``prefix``, without it."""
    return {name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)}


ASKED_FIELD = LABELS + ASKED
"""The label among the fields of a normal form."""
SUBNETS, BINDING = "subnets", "binding"
"""Of networks: what was chosen when they were made, which is no field of their normal form."""
_NAME, _VALUE = 6, 8
"""Hexadecimal digits."""
_FROZEN = ("command", "entrypoint", "healthcheck")
"""Fields that only the definition decides about."""
_OWN = (ENVIRONMENT + "PREVIEWER_", LABELS + PREFIX, LABELS + COMPOSE_PREFIX)


class Asked(Struct, frozen=True):
    """What was asked for."""

    digests: Mapping[str, str]
    """Digests of values, keyed by the digests of field names."""

    def holds(self, name: str, value: JsonValue) -> bool:
        """Whether the field was to have this value then; ``None`` stands for an absent one."""
        return _is_kept(name) and self.digests.get(_name_digest(name)) == _value_digest(name, value)


def asked_text(fields: Fields) -> str:
    """The label for an object that is asked to have ``fields``, which is 14 characters a field long."""
    said = ((_name_digest(name), _value_digest(name, value)) for name, value in fields.items() if _is_kept(name))
    return "".join(sorted(name + value for name, value in said if value is not None))


def read_asked(fields: Fields) -> Asked | None:
    """What an object with ``fields`` was asked to be; ``None`` for one that does not say."""
    text = as_text(fields.get(ASKED_FIELD))[1:]
    length = _NAME + _VALUE
    if not text or len(text) % length:
        return None
    pieces = (text[start : start + length] for start in range(0, len(text), length))
    return Asked({piece[:_NAME]: piece[_NAME:] for piece in pieces})


def _is_kept(name: str) -> bool:
    if name == ASKED_FIELD:
        return False
    return name.startswith(_OWN) or (not name.startswith((ENVIRONMENT, LABELS)) and name not in _FROZEN)


def _name_digest(name: str) -> str:
    return _digest(name)[:_NAME]


def _value_digest(name: str, value: JsonValue) -> str | None:
    return None if value is None else _digest(name, value)[:_VALUE]


def _digest(*words: JsonValue) -> str:
    return hashlib.sha256(canonical_json(list(words))).hexdigest()


_RIGHTS = Weight(Severity.HIGH, "it may do more, or less, than was reviewed")
_OTHER = Weight(Severity.MEDIUM, "it may behave differently from what was frozen")

_NOT_IN_COMPOSE = {
    "auto_remove": Weight(Severity.HIGH, "the engine removes it as soon as it ends"),
    "publish_all_ports": _RIGHTS,
    "unmasked_paths": _RIGHTS,
}
"""Fields that only the engine has."""
_BY_PREFIX = (
    (ENVIRONMENT, Weight(Severity.HIGH, "a program is told something else than was frozen", "environment")),
    (
        LABELS + PREFIX,
        Weight(Severity.HIGH, "labels say whose it is: down and prune go by them", "ownership-label"),
    ),
    (LABELS + COMPOSE_PREFIX, Weight(Severity.MEDIUM, "other tools find it by these labels", "compose-label")),
    (LABELS, Weight(Severity.MEDIUM, "other programs may act on labels", "label")),
    (MOUNTS, Weight(Severity.HIGH, "it reads and writes other files than was declared", "mount")),
    (NETWORKS, Weight(Severity.HIGH, "it reaches, or is reached by, others than was declared", "network")),
    (PORTS, Weight(Severity.HIGH, "it is reachable elsewhere than previewer says", "port")),
)


def weigh_field(name: str) -> Weight:
    """What a difference in the field ``name`` means."""
    row = SERVICE_TABLE.get(name)
    if row is not None and row.drift is not None:
        return row.drift
    if name in _NOT_IN_COMPOSE:
        return _NOT_IN_COMPOSE[name]
    return next((weight for prefix, weight in _BY_PREFIX if name.startswith(prefix)), _OTHER)
