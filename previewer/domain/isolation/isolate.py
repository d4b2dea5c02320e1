"""Rewrite a definition so that any number of environments can be made from it side by side, and report it.

Names, host ports and addresses that can exist only once go; limits come where there are none. What services
call each other stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Location, ModelPath, Role
from previewer.domain.compose.service import Service
from previewer.domain.isolation.change import LOOPBACK, Change, Circumstances, apply_changes, change_service
from previewer.domain.isolation.network import (
    free_addresses,
    free_container_names,
    free_ports,
    free_resources,
    publish_routes,
    shut_networks,
    shut_service,
)
from previewer.domain.isolation.process import (
    bound_logs,
    cap_restarts,
    close_file_system,
    forbid_new_privileges,
    limit_resources,
)
from previewer.domain.json_value import JsonObject, JsonValue, as_object
from previewer.domain.naming import RESERVED_NAMES, slug
from previewer.domain.policy.mount_rules import names_file, replaced_binds
from previewer.domain.policy.trust import DEFAULT_LIMITS, Trust


def replace_binds(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Empty volumes in their place; a mount of a file is taken out, for a folder cannot stand there."""
    for mount in replaced_binds(circumstances.definition, circumstances.trust):
        if mount.path[1] != service.name:
            continue
        reason = f"the settings replace {mount.source} ([policy] replace)"
        if names_file(mount.source):
            yield change_service(service, *mount.path[2:], after=None, reason=reason)
            continue
        key = f"{RESERVED_NAMES}host-{slug(mount.source)}"
        after = empty_volume(service.entries("volumes")[int(mount.path[-1])], key)
        yield change_service(service, *mount.path[2:], after=after, reason=reason)
        yield Change(("volumes", key), None, {})


def empty_volume(entry: JsonObject, key: str) -> JsonObject:
    """What is mounted in the place of a bind mount: the volume ``key``, which takes nothing from the image."""
    kept = {name: value for name, value in entry.items() if name != "bind"}
    return {**kept, "type": "volume", "source": key, "volume": {"nocopy": True}}


ServiceChanges: TypeAlias = Callable[[Service, Circumstances], Iterator[Change]]

CONDITIONS: tuple[ServiceChanges, ...] = (
    replace_binds,
    cap_restarts,
    limit_resources,
    forbid_new_privileges,
    bound_logs,
    close_file_system,
    shut_service,
)
"""How services run: what these change is asked of the engine, whatever an environment is called."""
SERVICE_CHANGES: tuple[ServiceChanges, ...] = (
    free_container_names,
    free_ports,
    publish_routes,
    free_addresses,
    *CONDITIONS,
)


class Rewrite(Struct, frozen=True):
    """One value of the model that does not run as it was written."""

    path: ModelPath
    location: Location
    """Where the value, or the nearest one above it, is written."""
    before: JsonValue
    """``None`` for what was not there."""
    after: JsonValue
    """``None`` for what was taken out."""
    reason: str
    """Ends the sentence "… because"."""


class Isolated(Struct, frozen=True):
    """A definition of which any number of environments can run side by side."""

    definition: Definition
    rewrites: tuple[Rewrite, ...]
    """What differs from what was written. Names that Compose itself makes up are not among it."""


def isolate(
    definition: Definition, *, role: Role, trust: Trust | None = None, publish: str = LOOPBACK
) -> Isolated:
    """``definition`` without what only one environment could have, and with limits where it sets none.

    The names by which services reach each other stay. ``trust`` decides about fixed host ports and endless
    restarts, and about the limits; without it nothing is trusted and ``role`` has its default limits. What
    is isolated once stays as it is when it is isolated again. External networks and volumes keep their names.
    ``publish`` is the host address of ports without a fixed one.
    """
    circumstances = replace(_circumstances(definition, role, trust), publish=publish)
    changes = [
        *(
            c
            for service in definition.services.values()
            for find in SERVICE_CHANGES
            for c in find(service, circumstances)
        ),
        *free_resources(circumstances),
        *shut_networks(circumstances),
    ]
    model = apply_changes(definition.model, [(change.path, change.after) for change in changes])
    rewrites = tuple(
        Rewrite(c.path, definition.locate(c.path), c.before, c.after, c.reason) for c in changes if c.reason
    )
    return Isolated(replace(definition, model=as_object(model)), rewrites)


def apply_conditions(definition: Definition, *, role: Role, trust: Trust | None = None) -> Definition:
    """``definition`` with all that :func:`isolate` changes but names, addresses and ports."""
    circumstances = _circumstances(definition, role, trust)
    changes = [
        *(
            c
            for service in definition.services.values()
            for find in CONDITIONS
            for c in find(service, circumstances)
        ),
        *shut_networks(circumstances),
    ]
    model = apply_changes(definition.model, [(change.path, change.after) for change in changes])
    return replace(definition, model=as_object(model))


def _circumstances(definition: Definition, role: Role, trust: Trust | None) -> Circumstances:
    return Circumstances(
        definition=definition,
        role=role,
        trust=trust or Trust(role=role),
        limits=trust.limits if trust else DEFAULT_LIMITS[role],
    )
