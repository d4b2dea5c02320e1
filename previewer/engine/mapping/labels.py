"""Labels: a definition's own, under previewer's."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.labels import COMPOSE_PREFIX, PREFIX
from previewer.engine.mapping import values
from previewer.errors import EngineError


def merge_labels(compose: JsonObject, own: Mapping[str, str], *, where: str) -> dict[str, JsonValue]:
    """The labels of an engine object.

    Raises :class:`EngineError` for a label of a reserved namespace in the definition: it could hide the object
    from us or give it to somebody else, even where we have no label of that name.
    """
    declared = values.text_map(compose.get("labels") or {})
    for key in declared:
        if key.startswith((PREFIX, COMPOSE_PREFIX)):
            raise EngineError(
                f"labels: {key!r} is reserved for previewer and Compose", where=where, hint="choose another prefix"
            )
    return {**declared, **own}
