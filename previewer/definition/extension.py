"""What ``x-previewer`` says, beyond its schema: of which services, and what of it is not carried out yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from previewer.definition.model_error import ModelError, nearest_name_hint
from previewer.definition.schema import EXTENSION
from previewer.definition.values import Table, Value, as_items, as_table, table_at
from previewer.domain.definition import ModelPath


def check_extension(model: Table, *, services: Collection[str]) -> None:
    """Raises :class:`ModelError` with the place for a service that is unknown.

    ``services`` are the names of all that are declared and not omitted, whichever profiles are on.
    """
    for path, service in _named_services(table_at(model, EXTENSION)):
        if service not in services:
            hint = nearest_name_hint(service, services) or f"there is {', '.join(sorted(services)) or 'none'}"
            raise ModelError(f"there is no service {service!r}", path=(EXTENSION, *path), hint=hint)


def without_effect(model: Table) -> Iterator[tuple[ModelPath, str]]:
    """What this version does not carry out: where it stands, and what that means. It is not an error."""
    extension = table_at(model, EXTENSION)
    if seeds := table_at(extension, "seeds"):
        names = ", ".join(sorted(seeds))
        meaning = f"nothing loads seeds yet: environments start without {names}"
        yield (EXTENSION, "seeds"), meaning


def _named_services(extension: Table) -> Iterator[tuple[ModelPath, str]]:
    for index, route in enumerate(as_items(extension.get("routes"))):
        yield ("routes", str(index), "service"), _service_of(route)
    for name in table_at(extension, "await_ports"):
        yield ("await_ports", name), name
    for name in table_at(extension, "writable"):
        yield ("writable", name), name
    for name, seed in table_at(extension, "seeds").items():
        yield ("seeds", name, "service"), _service_of(seed)


def _service_of(entry: Value) -> str:
    return str(as_table(entry).get("service"))
