"""Which services take part, and which resources they leave unused."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from previewer.definition.json_schema import EXTENSION
from previewer.definition.values import (
    RESOURCE_SECTIONS,
    ModelError,
    Table,
    items_at,
    named_tables,
    nearest_name_hint,
    table_at,
    tables_at,
)

ALL_PROFILES = "*"
NAMESPACES = ("network_mode", "ipc", "pid")
"""Keys by which a service runs within another one, and cannot run without it."""


def enabled_services(model: Table, profiles: Collection[str]) -> Table:
    """The services without profiles, and those with one of ``profiles``; all of them for ``*``."""
    return {
        name: service
        for name, service in named_tables(model, "services")
        if not service.get("profiles")
        or ALL_PROFILES in profiles
        or any(profile in profiles for profile in items_at(service, "profiles"))
    }


def omit_services(model: Table) -> None:
    """Take the services out that ``x-previewer.omit`` names, and what depends on them, links or mounts from them.

    Raises :class:`ModelError` for a name that is no service's, and for a service that runs within an omitted one.
    """
    services = table_at(model, "services")
    omitted = [str(name) for name in items_at(model, EXTENSION, "omit")]
    for index, name in enumerate(omitted):
        if name not in services:
            hint = nearest_name_hint(name, services) or f"there is {', '.join(sorted(services)) or 'none'}"
            raise ModelError(f"there is no service {name!r}", path=(EXTENSION, "omit", str(index)), hint=hint)
    for name in omitted:
        services.pop(name, None)
    for name, service in named_tables(model, "services"):
        _forget(name, service, omitted)


def _forget(name: str, service: Table, omitted: Collection[str]) -> None:
    for key in NAMESPACES:
        if service.get(key) in {f"service:{gone}" for gone in omitted}:
            message = f"it runs within a service that x-previewer.omit leaves out: {service[key]}"
            raise ModelError(message, path=("services", name, key), hint=f"omit {name} too")
    dependencies = table_at(service, "depends_on")
    for gone in omitted:
        dependencies.pop(gone, None)
    for key in ("depends_on", "links", "volumes_from"):
        if isinstance(held := service.get(key), list):
            held[:] = [entry for entry in held if str(entry).partition(":")[0] not in omitted]
        if key in service and not service[key]:
            del service[key]


def used_resources(service: Table, section: str) -> Iterator[str]:
    """The names of the resources of ``section`` that ``service`` refers to."""
    if section in ("networks", "models"):
        yield from table_at(service, section)
    elif section == "volumes":
        for volume in tables_at(service, "volumes"):
            if volume.get("type") == "volume" and volume.get("source"):
                yield str(volume["source"])
    else:
        for entry in tables_at(service, section):
            yield str(entry.get("source"))
        if section == "secrets":
            for entry in tables_at(service, "build", "secrets"):
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
