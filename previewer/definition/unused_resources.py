"""Networks, volumes, secrets, configs and models that no service uses do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.definition.values import RESOURCE_SECTIONS, Table, as_tables, named_tables, table_at


def used_resources(service: Table, section: str) -> Iterator[str]:
    """The names of the resources of ``section`` that ``service`` refers to."""
    if section in ("networks", "models"):
        yield from table_at(service, section)
    elif section == "volumes":
        for volume in as_tables(service.get("volumes")):
            if volume.get("type") == "volume" and volume.get("source"):
                yield str(volume["source"])
    else:
        for entry in as_tables(service.get(section)):
            yield str(entry.get("source"))
        if section == "secrets":
            for entry in as_tables(table_at(service, "build").get("secrets")):
                yield str(entry.get("source"))


def drop_unused_resources(model: Table) -> None:
    """Leave only the resources that a service uses, and no empty sections; in place."""
    services = [service for _, service in named_tables(model, "services")]
    for section in RESOURCE_SECTIONS:
        used = {name for service in services for name in used_resources(service, section)}
        kept = {name: resource for name, resource in table_at(model, section).items() if name in used}
        model.pop(section, None)
        if kept:
            model[section] = kept
