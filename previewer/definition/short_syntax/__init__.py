"""Short forms of Compose keys become long ones: ``"8080:80"`` is ``{target: 80, published: "8080", ...}``.

Runs before the model is checked against the schema too (on the files that others extend), so whatever has an
unexpected type is left as it is: the schema refuses it later, with better words.
"""

from __future__ import annotations

from previewer.definition.short_forms import Forms
from previewer.definition.short_syntax.service import BUILD_FORMS, SERVICE_FORMS, WATCH_FORMS, expand_external
from previewer.definition.values import Budget, ModelError, Table, as_items, as_tables, named_tables, table_at

__all__ = ["expand_short_syntax"]

NODES_OF_A_PORT = 5
"""Values in the long form of one port."""


def expand_short_syntax(model: Table, *, budget: Budget) -> None:
    """Write every short form of ``model`` as its long one, in place; a second time changes nothing.

    A range of ports becomes many values, which ``budget`` pays for. Raises :class:`ModelError` with the place
    for a short form that cannot be understood.
    """
    for name, service in named_tables(model, "services"):
        ports_before = len(as_items(service.get("ports")))
        _expand(service, SERVICE_FORMS, "services", name)
        budget.spend(NODES_OF_A_PORT * (len(as_items(service.get("ports"))) - ports_before))
        _expand(table_at(service, "build"), BUILD_FORMS, "services", name, "build")
        for watch in as_tables(table_at(service, "develop").get("watch")):
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
