"""Restart policies in two spellings: Compose's ``on-failure:3``, and the Engine API's object. Pure."""

from __future__ import annotations

from previewer.domain.json_value import JsonObject, JsonValue, as_object, as_text

NEVER = "no"


def restart_text(policy: JsonValue) -> str:
    """The engine's restart policy as Compose spells it; ``no`` where there is none."""
    said = as_object(policy)
    name, count = as_text(said.get("Name")) or NEVER, said.get("MaximumRetryCount")
    return f"{name}:{count}" if count and name != NEVER else name


def restart_policy(text: str) -> JsonObject:
    """What :func:`restart_text` was made of. Raises :class:`ValueError` for a count that is no number."""
    name, _, count = text.partition(":")
    return {"Name": name, "MaximumRetryCount": int(count or "0")}
