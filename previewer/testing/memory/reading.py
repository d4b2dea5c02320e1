"""How the engine in memory answers questions about what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from previewer.domain.engine.observation import ObservedNetwork, ObservedVolume
from previewer.domain.engine.specs import HOST_BINDING_OPTION, ContainerSpec, NetworkSpec, VolumeSpec
from previewer.domain.json_value import as_list, as_object, as_text
from previewer.domain.labels import COMPOSE_NETWORK, COMPOSE_VOLUME, Ownership, read_ownership
from previewer.engine.protocol import LogLine, LogOptions, Selection
from previewer.errors import ConflictError


def is_meant(selection: Selection, owner: Ownership) -> bool:
    """Whether a selection means what is owned so."""
    pairs = (
        (selection.installation, owner.installation),
        (selection.environment, owner.environment),
        (selection.operation, owner.operation),
    )
    return all(wanted is None or wanted == actual for wanted, actual in pairs)


def chosen(selection: Selection, owners: Mapping[str, Ownership | None]) -> list[tuple[str, Ownership]]:
    """Those that a selection means, with their owners, by name."""
    return [(name, o) for name, o in sorted(owners.items()) if o is not None and is_meant(selection, o)]


def owners_of(specs: Mapping[str, NetworkSpec] | Mapping[str, VolumeSpec]) -> dict[str, Ownership | None]:
    """Whose networks or volumes are; ``None`` where they are foreign."""
    return {name: read_ownership(spec.labels) for name, spec in specs.items()}


def observed_network(spec: NetworkSpec, owner: Ownership) -> ObservedNetwork:
    """A network as an observation shows it."""
    key = spec.labels.get(COMPOSE_NETWORK, "")
    return ObservedNetwork(identifier(spec.name), spec.name, key, owner, binding=host_binding(spec))


def observed_volume(spec: VolumeSpec, owner: Ownership) -> ObservedVolume:
    """A volume as an observation shows it."""
    return ObservedVolume(spec.name, spec.labels.get(COMPOSE_VOLUME, ""), owner)


def identifier(text: str) -> str:
    """Something like an engine's id, always the same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def refuse_taken(kind: str, name: str, existing: Mapping[str, object]) -> None:
    """Raise :class:`ConflictError` for a name that exists."""
    if name in existing:
        raise ConflictError(f"could not create it: the name {name} is already in use", where=f"{kind} {name}")


def part_of(lines: Sequence[LogLine], options: LogOptions) -> Sequence[LogLine]:
    """The lines that the options ask for."""
    since = options.since
    kept = [line for line in lines if since is None or line.at is None or line.at >= since]
    return kept if options.tail is None else kept[max(0, len(kept) - options.tail) :]


def uses_volume(spec: ContainerSpec, volume: str) -> bool:
    """Whether a container mounts a volume, by its engine name."""
    keys = [as_text(as_object(entry).get("source")) for entry in as_list(spec.compose.get("volumes"))]
    return any(spec.volumes.get(key) == volume for key in keys)


def host_binding(network: NetworkSpec | None) -> str:
    """The host address that a network binds ports to; empty where each port says its own."""
    options = as_object(network.compose.get("driver_opts")) if network is not None else {}
    return as_text(options.get(HOST_BINDING_OPTION))
