"""Labels: a definition's own, under previewer's."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.labels import is_reserved
from previewer.engine.mapping import values
from previewer.errors import EngineError


def merge_labels(compose: JsonObject, own: Mapping[str, str], *, where: str) -> dict[str, JsonValue]:
    """The labels of an engine object: all that are written onto networks, volumes and containers come from here.

    Raises :class:`EngineError` for a label of a reserved namespace in the definition: it could hide the object
    from us or give it to somebody else, even where we have no label of that name.
    """
    declared = values.text_map(compose.get("labels") or {})
    for key in declared:
        if is_reserved(key):
            raise EngineError(
                f"labels: {key!r} is reserved for previewer and Compose", where=where, hint="choose another prefix"
            )
    return {**declared, **own}
