"""Short forms of Compose keys become long ones: ``"8080:80"`` is ``{target: 80, published: "8080", ...}``.

Runs before the model is checked against the schema too (on the files that others extend), so whatever has an
unexpected type is left as it is: the schema refuses it later, with better words.
"""

from __future__ import annotations

from previewer.definition.short_forms import (
    Forms,
    assignments_as_table,
    each_item,
    expand_ports,
    expand_volume,
    names_as_table,
    one_as_list,
    sources_as_tables,
)
from previewer.definition.values import (
    Budget,
    ModelError,
    Table,
    Value,
    items_at,
    named_tables,
    table_at,
    tables_at,
    text_or_items,
)
from previewer.definition.yaml.scalars import go_text
from previewer.domain.compose.definition import ModelPath


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


def expand_external(resource: Table, *, path: ModelPath) -> None:
    """``external: {name: N}`` becomes ``external: true`` and ``name: N``.

    Raises :class:`ModelError` where ``name`` says something else.
    """
    external = resource.get("external")
    if not isinstance(external, dict):
        return
    resource["external"] = True
    name = external.get("name")
    if name is None:
        return
    if resource.get("name", name) != name:
        raise ModelError("name and external.name differ; use name alone", path=path)
    resource["name"] = name


def expand_depends_on(value: Value) -> Value:
    """A list of services, each of which must have been started; in the long form that is the default too."""
    named = names_as_table(value)
    if not isinstance(named, dict):
        return named
    return {
        name: {"condition": "service_started", "required": True, **(settings or {})}
        if (settings is None and isinstance(value, list)) or isinstance(settings, dict)
        else settings
        for name, settings in named.items()
    }


def expand_env_file(value: Value) -> Value:
    """A path, or a list of paths and long forms; a file is required unless it says otherwise."""
    return [
        {"path": item, "required": True} if isinstance(item, str)
        else {"required": True, **item} if isinstance(item, dict)
        else item
        for item in text_or_items(value)
    ]  # fmt: skip


def expand_device(text: str) -> list[Value]:
    """``HOST[:CONTAINER[:PERMISSIONS]]``."""
    parts = text.split(":")
    if len(parts) > 3:
        raise ModelError(f"{text!r} has too many colons; use the long form")
    source = parts[0]
    target = parts[1] if len(parts) > 1 and parts[1] else source
    return [{"source": source, "target": target, "permissions": parts[2] if len(parts) > 2 else "rwm"}]


def expand_extends(value: Value) -> Value:
    """``extends: SERVICE`` means one of the same file."""
    return {"service": value} if isinstance(value, str) else value


def expand_gpus(value: Value) -> Value:
    """``gpus: all``."""
    return [{"count": "all"}] if isinstance(value, str) else value


def expand_dns(value: Value) -> Value:
    """One address or a list; empty ones are dropped."""
    items = one_as_list(value)
    return [item for item in items if item not in (None, "")] if isinstance(items, list) else items


SERVICE_FORMS: Forms = {
    "build": expand_build,
    "depends_on": expand_depends_on,
    "env_file": expand_env_file,
    "label_file": one_as_list,
    "dns": expand_dns,
    "extends": expand_extends,
    "gpus": expand_gpus,
    "networks": names_as_table,
    "models": names_as_table,
    "volumes": each_item(expand_volume),
    "devices": each_item(expand_device),
    "secrets": sources_as_tables,
    "configs": sources_as_tables,
    "ports": expand_ports,
}
WATCH_FORMS: Forms = {"ignore": one_as_list, "include": one_as_list}
"""Of the entries of ``develop.watch``."""


# Short forms of Compose keys become long ones: ``"8080:80"`` is ``{target: 80, published: "8080",
# ...}``.
#
# Runs before the model is checked against the schema too (on the files that others extend), so
# whatever has an unexpected type is left as it is: the schema refuses it later, with better words.

__all__ = ["expand_short_syntax"]

NODES_OF_A_PORT = 5
"""Values in the long form of one port."""


def expand_short_syntax(model: Table, *, budget: Budget) -> None:
    """Write every short form of ``model`` as its long one, in place; a second time changes nothing.

    A range of ports becomes many values, which ``budget`` pays for. Raises :class:`ModelError` with the place
    for a short form that cannot be understood.
    """
    for name, service in named_tables(model, "services"):
        ports_before = len(items_at(service, "ports"))
        _expand(service, SERVICE_FORMS, "services", name)
        budget.spend(NODES_OF_A_PORT * (len(items_at(service, "ports")) - ports_before))
        _expand(table_at(service, "build"), BUILD_FORMS, "services", name, "build")
        for watch in tables_at(service, "develop", "watch"):
            _expand(watch, WATCH_FORMS, "services", name, "develop", "watch")
    for section in ("networks", "volumes", "secrets", "configs"):
        for name, resource in named_tables(model, section):
            expand_external(resource, path=(section, name))


def _expand(table: Table, forms: Forms, *path: str) -> None:
    for key, expand in forms.items():
        if table.get(key) is not None:
            try:
                table[key] = expand(table[key])
            except ModelError as error:
                raise error.under(*path, key) from error
