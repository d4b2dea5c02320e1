"""Short forms inside ``build``."""

from __future__ import annotations

from previewer.definition.go_text import go_text
from previewer.definition.model_error import ModelError
from previewer.definition.short_syntax.forms import Forms, assignments_as_table, sources_as_tables
from previewer.definition.values import Table, Value


def expand_build(value: Value) -> Value:
    """``build: DIRECTORY`` names the context."""
    return {"context": value} if isinstance(value, str) else value


def expand_ssh(value: Value) -> Value:
    """``ssh``: ``default`` or ``ID=PATH``; by id, the path of the key or agent socket."""
    if not isinstance(value, list):
        return value
    keys: Table = {}
    for item in value:
        name, equals, path = go_text(item).partition("=")
        if not equals and name != "default":
            raise ModelError(f"{item!r} is neither 'default' nor of the form ID=PATH")
        keys[name] = path if equals else None
    return keys


def expand_attestation(value: Value) -> Value:
    """``provenance`` and ``sbom`` take a boolean or options as text; the model holds text."""
    return go_text(value) if isinstance(value, (bool, str)) else value


BUILD_FORMS: Forms = {
    "secrets": sources_as_tables,
    "provenance": expand_attestation,
    "sbom": expand_attestation,
    "additional_contexts": assignments_as_table,
    "ssh": expand_ssh,
}
