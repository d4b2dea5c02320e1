"""What an environment is to look like, from its release and today's settings.

Nothing of it is read from the engine but what was chosen there: its host ports, and how it came by them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from previewer.deployment.definition import owned_definition_name
from previewer.deployment.generation import Generation, served_definition
from previewer.domain import labels
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.mounted_files import config_mounts, file_references
from previewer.domain.compose.references import find_references
from previewer.domain.compose.served_files import is_served
from previewer.domain.compose.service import Service
from previewer.domain.data.beginning import Lifetime, VolumeData
from previewer.domain.deploy.takeover import PortHandover, published_address, publishing_services
from previewer.domain.deploy.target import Target, container_spec, network_specs, volume_specs
from previewer.domain.drift.fields import ENVIRONMENT, LABELS, PORTS, Fields
from previewer.domain.drift.file_places import NOTHING_LEARNT, StartWrites
from previewer.domain.drift.frozen import FrozenContainer, FrozenEnvironment, own_entries, own_windows
from previewer.domain.engine.examination import Examination, ExaminedContainer, ExaminedVolume
from previewer.domain.engine.specs import volume_of
from previewer.domain.environment.environment import Environment
from previewer.domain.environment.host_ports import PortKey
from previewer.domain.json_value import as_text
from previewer.domain.labels import Ownership
from previewer.domain.naming import handover_network_name, variable_suffix
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.release import Release
from previewer.domain.routing.host_names import NamedService
from previewer.domain.stored import from_bytes
from previewer.engine.examiner import Examiner
from previewer.errors import NotFoundError, ObjectNotFoundError, UnsupportedError
from previewer.ledger.protocol import RecordKind
from previewer.session.session import Session


def freeze_environment(
    session: Session,
    examiner: Examiner,
    environment: Environment,
    seen: Examination,
    *,
    release: Release | None,
    entries: Sequence[LedgerEntry],
) -> FrozenEnvironment:
    """What ``environment`` was asked to be. ``entries`` are the ledger's newest."""
    owner = _common_owner(environment, seen)
    live = [c for c in seen.containers if c.ownership.environment == owner.environment and not c.is_one_off]
    own = own_entries(owner, entries, engine_ahead=session.engine.clock_ahead())
    begun = min([own.created_at, *(c.created_at for c in _of_generation(live, owner))])
    windows = tuple(own_windows(own, begun, is_ours=session.began(owner.operation)))
    definition = _definition_name(release, owner, live) if release else None
    if release is None or definition is None:
        reason = (
            "its release is not in this repository" if release is None else "its release has no such definition"
        )
        return FrozenEnvironment(
            ownership=owner,
            containers=tuple(
                FrozenContainer(c.name, c.service, c.number, None) for c in _of_generation(live, owner)
            ),
            networks={n.name: n.fields for n in seen.networks if n.ownership and n.ownership == owner},
            volumes={},
            begun=begun,
            notes=environment.notes,
            windows=windows,
            unjudged=reason,
        )
    target = _target(session, Generation(owner, release, definition), seen, live)
    return FrozenEnvironment(
        ownership=owner,
        containers=tuple(_settled(session, _containers(examiner, target, seen), live)),
        networks={
            spec.name: {
                **examiner.describe_network(spec),
                **({"subnets": True} if spec.declared.has_own_subnet else {}),
            }
            for _key, spec in network_specs(target)
        },
        volumes=dict(_volumes(examiner, target, seen)),
        begun=begun,
        notes=environment.notes,
        references={a.reference: a.image for a in target.artifacts.values() if a.reference},
        address=published_address(target.definition) or "",
        address_pool=session.settings.address_pool,
        start_writes=read_start_writes(session, release.id, definition),
        looks_at_files=target.definition.extension.immutability != "off",
        windows=windows,
    )


def read_start_writes(session: Session, release: str, definition: str) -> StartWrites:
    """What was learnt of the release's own runs; nothing where that cannot be read."""
    name = release.removeprefix("sha256:")
    kept = session.ledger.read_record(RecordKind.START_WRITES, name, f"{definition}.json")
    try:
        return from_bytes(kept, StartWrites) if kept is not None else NOTHING_LEARNT
    except ValueError:
        return NOTHING_LEARNT


def frozen_target(session: Session, environment: Environment, seen: Examination) -> tuple[Target, Release, str]:
    """The generation as it was asked for, its release, and the name of its definition.

    Configs and secrets are empty in it. Raises :class:`NotFoundError` where the release is not in this repository.
    """
    release = session.ledger.load_release(environment.ownership.release)
    owner = _common_owner(environment, seen)
    live = [c for c in seen.containers if c.ownership.environment == owner.environment and not c.is_one_off]
    definition = _definition_name(release, owner, live)
    if definition is None:
        raise NotFoundError("its release has no such definition", where=environment.name)
    return _target(session, Generation(owner, release, definition), seen, live), release, definition


def _common_owner(environment: Environment, seen: Examination) -> Ownership:
    """What most of the generation's objects say: one with changed labels is outvoted."""
    own = environment.ownership
    said = [
        *(c.ownership for c in seen.containers if not c.is_one_off),
        *(n.ownership for n in seen.networks if n.ownership),
        *(v.ownership for v in seen.volumes if v.ownership),
    ]
    votes = Counter(
        replace(owner, service=None)
        for owner in said
        if (owner.environment, owner.generation, owner.installation)
        == (own.environment, own.generation, own.installation)
    )
    return votes.most_common(1)[0][0] if votes else replace(own, service=None)


def _of_generation(live: Iterable[ExaminedContainer], owner: Ownership) -> list[ExaminedContainer]:
    return [container for container in live if container.ownership.generation == owner.generation]


def _definition_name(release: Release, owner: Ownership, live: Sequence[ExaminedContainer]) -> str | None:
    try:
        return owned_definition_name(release, owner, {c.service for c in _of_generation(live, owner)})
    except NotFoundError:
        return None


def _target(
    session: Session, generation: Generation, seen: Examination, live: Sequence[ExaminedContainer]
) -> Target:
    definition = served_definition(session, generation).definition
    services = definition.services.values()
    references = {ref for service in services for ref, _described in file_references(definition, service)}
    return Target(
        ownership=generation.owner,
        definition=definition,
        artifacts=generation.frozen.artifacts,
        ports=_ports(definition, _of_generation(live, generation.owner)),
        address_pool=session.settings.address_pool,
        prefix_length=session.settings.subnet_prefix,
        contents=dict.fromkeys(references, b""),  # their names are enough: nothing is made of this
        port_handover=_takeover(generation.owner, seen),
        data=_data(generation.owner, seen),
        names=_names(_of_generation(live, generation.owner)),
    )


def _names(live: Sequence[ExaminedContainer]) -> tuple[NamedService, ...]:
    """The names that it was made with: they are in its containers' variables."""
    return tuple(
        NamedService(container.service, route)
        for container in live
        if container.number == 1
        for route in container.names
    )


def _data(owner: Ownership, seen: Examination) -> Mapping[str, VolumeData]:
    """What its volumes began with, as their labels tell."""
    found: dict[str, VolumeData] = {}
    for volume in seen.volumes:
        key, layers = _label(volume, labels.COMPOSE_VOLUME), _label(volume, labels.LAYERS).split()
        if volume.ownership == owner and key and layers:
            found[key] = VolumeData(
                own=volume_of(layers[0]),
                layers=tuple(layers),
                lifetime=Lifetime(_label(volume, labels.LIFETIME)),
                snapshot=_label(volume, labels.SNAPSHOT),
                origin=_label(volume, labels.ORIGIN),
            )
    return found


def _label(volume: ExaminedVolume, name: str) -> str:
    return as_text(volume.fields.get(LABELS + name)).removeprefix("=")


def _volumes(examiner: Examiner, target: Target, seen: Examination) -> Iterator[tuple[str, Fields]]:
    """Its volumes, with those that hold their data: what is written to these is no drift, their absence is."""
    there = {volume.name: volume for volume in seen.volumes}
    places = {name: volume.mountpoint for name, volume in there.items()}
    for key, spec in volume_specs(target):
        layers = target.data[key].layers if key in target.data else ()
        holding = {volume_of(layer) for layer in layers}
        for name in sorted(holding):
            yield name, there[name].fields if name in there else {}
        if holding <= there.keys():
            plain = replace(spec, clone=None)
            yield spec.name, examiner.describe_volume(plain, layers=layers, mountpoints=places)
        elif spec.name in there:
            yield spec.name, there[spec.name].fields


def _takeover(owner: Ownership, seen: Examination) -> PortHandover:
    """How it came by its ports, as its networks show."""
    edge = handover_network_name(owner.environment, owner.generation)
    own = [network for network in seen.networks if network.ownership == owner and network.binding]
    bindings = Counter(network.binding for network in own if network.name != edge).most_common(1)
    return PortHandover(
        binding=bindings[0][0] if bindings else "",
        edge=next((network.binding for network in own if network.name == edge), ""),
    )


def _ports(definition: Definition, live: Sequence[ExaminedContainer]) -> Mapping[PortKey, int]:
    """The host ports that were chosen when it was made, as most of what is there says."""
    found: dict[PortKey, int] = {}
    for name, service in definition.services.items():
        for number in range(1, service.replicas + 1):
            for port in service.ports:
                key = PortKey(name, number, port.target, port.protocol)
                if port.published.isdecimal():
                    found[key] = int(port.published)
                elif votes := Counter(_votes(key, live)):
                    found[key] = votes.most_common(1)[0][0]
    return found


def _votes(key: PortKey, live: Sequence[ExaminedContainer]) -> Iterator[int]:
    variable = f"{ENVIRONMENT}PREVIEWER_URL_{variable_suffix(key.service)}_{key.target}"
    for container in live:
        if (container.service, container.number) == (key.service, key.number):
            yield from container.host_ports.get(f"{key.target}/{key.protocol}", ())
        if key.number == 1 and key.protocol == "tcp":
            is_named = any(name.port == key.target for name in container.names)
            told = None if is_named else re.search(r":(\d+)/?$", as_text(container.fields.get(variable)))
            if told is not None:
                yield int(told[1])


def _containers(examiner: Examiner, target: Target, seen: Examination) -> Iterator[FrozenContainer]:
    mountpoints = {volume.name: volume.mountpoint for volume in seen.volumes}
    writable = target.definition.extension.writable
    publishing = {service.name for service in publishing_services(target.definition)}
    for name, service in target.definition.services.items():
        for number in range(1, service.replicas + 1):
            spec = container_spec(target, service, number)
            places = {key: mountpoints.get(volume, "") for key, volume in spec.volumes.items() if is_served(key)}
            try:
                fields = dict(examiner.describe(replace(spec, mountpoints=places)))
            except (ObjectNotFoundError, UnsupportedError):
                fields = None
            yield FrozenContainer(
                name=spec.name,
                service=name,
                number=number,
                fields=fields,
                copied=tuple(file.path for file in config_mounts(service)),
                is_server=_is_server(service, fields or {}),
                edge=target.edge if target.port_handover.edge and name in publishing else "",
                writable=writable.get(name, ()),
            )


def _settled(
    session: Session, containers: Iterable[FrozenContainer], live: Sequence[ExaminedContainer]
) -> Iterator[FrozenContainer]:
    """With the live values in place of references to variables that they agree with, by their keyed hashes."""
    references = session.references
    known = {container.name: container.fields for container in live}
    for container in containers:
        fields, theirs = container.fields, known.get(container.name, {})
        if fields is not None and next(find_references(fields), None) is not None:
            fields = {name: references.settle(value, theirs.get(name)) for name, value in fields.items()}
        yield replace(container, fields=fields)


def _is_server(service: Service, fields: Mapping[str, object]) -> bool:
    return bool(service.ports) or "healthcheck" in fields or any(name.startswith(PORTS) for name in fields)
