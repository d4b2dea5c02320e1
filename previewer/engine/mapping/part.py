"""What one aspect of a service contributes to a container's create body."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonValue
from previewer.domain.labels import is_reserved
from previewer.errors import EngineError, UnsupportedError

Raw = dict[str, JsonValue]
"""A JSON object of the Engine API."""


class Part(Struct, frozen=True):
    """Fields of a create body. Later parts win over earlier ones."""

    config: Raw = field(default_factory=dict)
    """The top of the body: Docker's ``Config``."""
    host: Raw = field(default_factory=dict)
    """The body's ``HostConfig``."""


Section = Callable[[ContainerSpec, tuple[int, int]], Part]
"""Maps one aspect of a service for an engine of an API version."""


def filled(**fields: JsonValue) -> Raw:
    """The fields that say something: no null, no empty string, list or mapping. Zero and false do."""
    return {key: value for key, value in fields.items() if value is not None and value not in ("", [], {}, ())}


def malformed(spec: ContainerSpec, key: str, problem: str) -> EngineError:
    """The error for a value that cannot be read."""
    return EngineError(f"{key}: {problem}", where=f"service {spec.service}")


def too_old(spec: ContainerSpec, key: str, *, since: str) -> UnsupportedError:
    """The error for a key that came with a later engine: ``since`` is ``Docker 25``."""
    return unsupported(spec, key, "the engine is too old for it", hint=f"it came with {since}")


def unsupported(spec: ContainerSpec, key: str, reason: str, *, hint: str | None = None) -> UnsupportedError:
    """The error for a key, or a value of it, that this engine cannot honour."""
    return UnsupportedError(f"{key}: {reason}", where=f"service {spec.service}", hint=hint)


def merge_labels(declared: Mapping[str, str], own: Mapping[str, str], *, where: str) -> dict[str, JsonValue]:
    """The labels of an engine object: all that are written onto networks, volumes and containers come from here.

    Raises :class:`EngineError` for a label of a reserved namespace in the definition: it could hide the object
    from us or assign it elsewhere, even where we have no label of that name.
    """
    for key in declared:
        if is_reserved(key):
            raise EngineError(
                f"labels: {key!r} is reserved for previewer and Compose", where=where, hint="choose another prefix"
            )
    return {**declared, **own}
