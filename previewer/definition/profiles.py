"""``profiles``: which services take part (Compose Specification, "Using profiles")."""

from __future__ import annotations

from collections.abc import Collection

from previewer.definition.values import Table, as_items, named_tables

ALL_PROFILES = "*"


def enabled_services(model: Table, profiles: Collection[str]) -> Table:
    """The services without profiles, and those with one of ``profiles``; all of them for ``*``."""
    return {
        name: service
        for name, service in named_tables(model, "services")
        if not service.get("profiles")
        or ALL_PROFILES in profiles
        or any(profile in profiles for profile in as_items(service["profiles"]))
    }
