"""Bind mounts of the host that the settings have replaced: nothing of the machine is seen in them."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.service import Service
from previewer.domain.isolation.change import Change, Circumstances, change_service
from previewer.domain.json_value import JsonObject, as_list, as_object
from previewer.domain.naming import RESERVED_NAMES, slug
from previewer.domain.policy.host_paths import names_file, replaced_binds


def replace_binds(service: Service, given: Circumstances) -> Iterator[Change]:
    """Empty volumes in their place; a mount of a file is taken out, for a folder cannot stand there."""
    entries = [as_object(entry) for entry in as_list(service.spec.get("volumes"))]
    for mount in replaced_binds(given.definition, given.trust):
        if mount.path[1] != service.name:
            continue
        entry = entries[int(mount.path[-1])]
        reason = f"the settings replace {mount.source} ([policy] replace)"
        if names_file(mount.source):
            yield change_service(service, *mount.path[2:], after=None, reason=reason)
            continue
        key = f"{RESERVED_NAMES}host-{slug(mount.source)}"
        kept = {name: value for name, value in entry.items() if name != "bind"}
        after: JsonObject = {**kept, "type": "volume", "source": key, "volume": {"nocopy": True}}
        yield change_service(service, *mount.path[2:], after=after, reason=reason)
        yield Change(("volumes", key), None, {})
