"""What belongs to an environment besides its containers, and who else has come near."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from previewer.domain.commit.revision import short_id
from previewer.domain.deploy.takeover import STANDBY_ADDRESSES
from previewer.domain.drift.fields import (
    ASKED_FIELD,
    BINDING,
    LABELS,
    NETWORKS,
    SUBNETS,
    Fields,
    compare_fields,
    read_asked,
)
from previewer.domain.drift.finding import Finding, Layer, Severity
from previewer.domain.drift.frozen import FrozenEnvironment
from previewer.domain.engine.examination import Examination, ExaminedNetwork, ExaminedVolume, Stranger
from previewer.domain.json_value import as_text
from previewer.domain.labels import COMPOSE_ONEOFF, Ownership
from previewer.domain.naming import IMAGE_REPOSITORY
from previewer.domain.secrecy import Secrecy

_MISSING = "what needs it fails"
_CHANGED = "it was recreated by hand: its contents or access may differ from what was frozen"
_ADDED = "it is not declared"

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
"""The name of an anonymous volume."""


def judge_networks(frozen: FrozenEnvironment, seen: Examination, secrecy: Secrecy) -> Iterator[Finding]:
    """Networks that are missing, other than declared, or added."""
    by_name: dict[str, ExaminedNetwork] = {network.name: network for network in seen.networks}
    for name, fields in frozen.networks.items():
        found = by_name.get(name)
        if found is None:
            yield _resource(frozen, "network-missing", f"network {name}", "the network is gone", _MISSING)
            continue
        yield from _differences(frozen, "network", name, fields, found.fields, secrecy)
        asked = read_asked(found.fields)
        is_chosen = asked is not None and asked.holds(SUBNETS, ", ".join(found.subnets))
        if "subnets" not in fields and not is_chosen and _is_outside(found, frozen.address_pool):
            yield _resource(
                frozen,
                "network-subnet",
                f"network {name}",
                "the network has a subnet of another range",
                "it may overlap with others, and was not made by previewer",
                frozen_value=frozen.address_pool,
                live_value=", ".join(found.subnets),
            )
        is_chosen = asked is not None and asked.holds(BINDING, found.binding)
        if found.binding and not is_chosen and not _is_right_address(found.binding, frozen.address):
            yield _resource(
                frozen,
                "network-binding",
                f"network {name}",
                "the network publishes ports at another address",
                "others than were declared may reach the services",
                frozen_value=frozen.address,
                live_value=found.binding,
            )
    for network in seen.networks:
        if is_of(network.ownership, frozen) and network.name not in frozen.networks:
            yield _resource(frozen, "network-added", f"network {network.name}", "a network was added", _ADDED)


def judge_volumes(frozen: FrozenEnvironment, seen: Examination, secrecy: Secrecy) -> Iterator[Finding]:
    """The same of volumes."""
    by_name: dict[str, ExaminedVolume] = {volume.name: volume for volume in seen.volumes}
    for name, fields in frozen.volumes.items():
        if name not in by_name:
            yield _resource(frozen, "volume-missing", f"volume {name}", "the volume is gone", "its data is gone")
        else:
            yield from _differences(frozen, "volume", name, fields, by_name[name].fields, secrecy)
    for volume in seen.volumes:
        is_clone = LABELS + COMPOSE_ONEOFF in volume.fields
        if is_of(volume.ownership, frozen) and volume.name not in frozen.volumes and not is_clone:
            yield _resource(frozen, "volume-added", f"volume {volume.name}", "a volume was added", _ADDED)


def judge_strangers(frozen: FrozenEnvironment, seen: Examination) -> Iterator[Finding]:
    """Containers of others on the environment's networks."""
    ids = {network.id: network.name for network in seen.networks if network.name in frozen.networks}
    for stranger in seen.strangers:
        for network in sorted(ids[identifier] for identifier in stranger.networks & ids.keys()):
            yield _stranger(frozen, stranger.name, network, stranger.image)
    for container in seen.containers:
        if container.ownership.environment != frozen.name:
            for network in sorted(name for name in frozen.networks if NETWORKS + name in container.fields):
                yield _stranger(frozen, container.name, network, f"environment {container.ownership.environment}")
    for stranger in seen.strangers:
        yield from _intrusions(frozen, seen, stranger)


def _intrusions(frozen: FrozenEnvironment, seen: Examination, stranger: Stranger) -> Iterator[Finding]:
    """Namespaces and data of the environment that a foreign container shares."""
    own = {container.id: container for container in seen.containers if is_of(container.ownership, frozen)}
    for what, identifier in sorted(stranger.shares.items()):
        if (joined := own.get(identifier)) is not None:
            yield _resource(
                frozen,
                "namespace-joined",
                joined.name,
                f"the container {stranger.name}, which is not the environment's, shares its {what} namespace",
                "it is inside: it reaches what only the container's own processes reach",
                live_value=stranger.image,
            )
    mounted = {name for container in own.values() for name in container.volumes if _ANONYMOUS.fullmatch(name)}
    for volume in seen.volumes:
        if not is_of(volume.ownership, frozen) and volume.name not in mounted:
            continue
        place = volume.mountpoint.rstrip("/")
        binds = place and any(path == place or path.startswith(f"{place}/") for path in stranger.sources)
        if volume.name in stranger.volumes or binds:
            yield _resource(
                frozen,
                "volume-shared",
                f"volume {volume.name}",
                f"the container {stranger.name}, which is not the environment's, mounts it",
                "it reads the data, and may write them without a trace",
                live_value=stranger.image,
            )


def judge_references(frozen: FrozenEnvironment, tags: Mapping[str, str]) -> Iterator[Finding]:
    """Names of images that mean others by now. Nothing runs them: a release names images by content."""
    for reference, image in sorted(frozen.references.items()):
        now = tags.get(reference, image)
        if now == image:
            continue
        is_built = reference.startswith(f"{IMAGE_REPOSITORY}/")
        yield Finding(
            kind="image-tag-moved",
            layer=Layer.SPECIFICATION,
            severity=Severity.MEDIUM if is_built else Severity.LOW,
            environment=frozen.name,
            service="",
            where=f"image {reference}",
            what="the image's name means another image now",
            why="what runs is not affected; who goes by the name gets something else than the release",
            frozen=short_id(image),
            live=short_id(now),
            remedy=f"docker tag {short_id(image)} {reference}",
            taints=False,
        )


def is_of(owner: Ownership | None, frozen: FrozenEnvironment) -> bool:
    """Whether an object bears the labels of this very generation."""
    own = frozen.ownership
    return owner is not None and (owner.environment, owner.generation) == (own.environment, own.generation)


def _is_right_address(binding: str, address: str) -> bool:
    """Successors wait on addresses of their own, which only this machine reaches."""
    return address in ("", binding) or IPv4Address(binding) in STANDBY_ADDRESSES


def _is_outside(network: ExaminedNetwork, pool: str) -> bool:
    if not pool:
        return False
    whole = IPv4Network(pool)
    found = [IPv4Network(subnet, strict=False) for subnet in network.subnets if ":" not in subnet]
    return any(not subnet.subnet_of(whole) for subnet in found)


def _differences(
    frozen: FrozenEnvironment, noun: str, name: str, wanted: Fields, live: Fields, secrecy: Secrecy
) -> Iterator[Finding]:
    comparable = {key: value for key, value in wanted.items() if key != "subnets"}
    asked = read_asked(live)
    for difference in compare_fields(comparable, live):
        what = difference.name
        if what == ASKED_FIELD or (asked is not None and asked.holds(what, difference.live)):
            continue  # as it was asked for, whatever would be asked for today
        field = f"the label {what.removeprefix(LABELS)}" if what.startswith(LABELS) else what
        yield _resource(
            frozen,
            f"{noun}-changed",
            f"{noun} {name} {what}",
            f"of the {noun}, {field} is another",
            _CHANGED,
            frozen_value=secrecy.masked(as_text(difference.frozen).lstrip("=")),
            live_value=secrecy.masked(as_text(difference.live).lstrip("=")),
        )


def _stranger(frozen: FrozenEnvironment, name: str, network: str, image: str) -> Finding:
    return _resource(
        frozen,
        "stranger-joined",
        f"network {network}",
        f"the container {name}, which is not the environment's, hangs on its network",
        "it reaches every service, past what is published",
        live_value=image,
    )


def _resource(
    frozen: FrozenEnvironment,
    kind: str,
    where: str,
    what: str,
    why: str,
    *,
    frozen_value: str = "",
    live_value: str = "",
) -> Finding:
    return Finding(
        kind=kind,
        layer=Layer.SPECIFICATION,
        severity=Severity.HIGH,
        environment=frozen.name,
        service="",
        where=where,
        what=what,
        why=why,
        frozen=frozen_value,
        live=live_value,
    )
