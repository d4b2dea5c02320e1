"""How the mapping reads the table of Compose keys: the keys that become one field of the create body each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from previewer.domain.compose.key import ComposeKey, EngineField, Kind, Part, Refused
from previewer.domain.compose.keys import SERVICE_KEYS
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonValue
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Raw, malformed, unsupported

ENCODINGS: Mapping[Kind | None, Callable[[JsonValue], JsonValue]] = {
    Kind.BYTES: values.integer,
    Kind.ENVIRONMENT: values.environment,
    Kind.FLAG: values.flag,
    Kind.HOSTS: values.extra_hosts,
    Kind.INTEGER: values.integer,
    Kind.LIMITS: values.ulimits,
    Kind.LOGGING: values.logging,
    Kind.PERCENT: values.integer,
    Kind.PROCESSORS: values.nano_cpus,
    Kind.RESTART: values.restart,
    Kind.SECONDS: values.whole_seconds,
    Kind.TEMPORARY_FOLDERS: values.tmpfs,
    Kind.TEXT: values.text,
    Kind.TEXTS: values.texts,
    Kind.TEXT_BY_NAME: values.text_map,
    Kind.WORDS: values.texts,
}
"""How the engine wants values of a kind; each raises :class:`ValueError` for one that it cannot read."""


def engine_fields(part: Part) -> tuple[tuple[ComposeKey, EngineField], ...]:
    """The keys that become one field of ``part`` each."""
    return tuple(
        (row, row.mapping)
        for row in SERVICE_KEYS
        if isinstance(row.mapping, EngineField) and row.mapping.part is part
    )


CONFIG_FIELDS = engine_fields(Part.CONFIG)
HOST_FIELDS = engine_fields(Part.HOST)
MAPPINGS = {row.path: row.mapping for row in SERVICE_KEYS if row.mapping is not None}
"""Every key that the mapping knows, by its path below the service."""


def check_keys(spec: ContainerSpec, keys: JsonValue, *, below: str = "") -> None:
    """Raises :class:`UnsupportedError` for a key below ``below`` that is unknown or cannot be honoured."""
    for key, value in keys.items() if isinstance(keys, Mapping) else ():
        mapping = MAPPINGS.get(below + key)
        if isinstance(mapping, Refused) and value is not None:
            raise unsupported(spec, below + key, mapping.reason)
        if mapping is None and not key.startswith("x-"):
            raise unsupported(spec, below + key, "previewer does not know this key")


def map_fields(
    fields: tuple[tuple[ComposeKey, EngineField], ...], spec: ContainerSpec, api_version: tuple[int, int]
) -> Raw:
    """The fields that a service's keys become, for an engine of ``api_version``."""
    body: Raw = {}
    for row, field in fields:
        value = spec.compose.get(row.path)
        if value is None or (value in ("", [], {}) and not field.keeps_empty):
            continue
        if field.since is not None and api_version < field.since:
            major, minor = field.since
            raise unsupported(spec, row.path, f"the engine is too old for it (API {major}.{minor} is needed)")
        try:
            body[field.name] = ENCODINGS[row.kind](value)
        except ValueError as error:
            raise malformed(spec, row.path, str(error)) from error
    return body
