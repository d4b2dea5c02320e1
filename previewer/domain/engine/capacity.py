"""Whether one more environment fits: on the engine, and into what the project may take of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.service import Service
from previewer.domain.deploy.plan import CreateContainer, CreateNetwork, Plan
from previewer.domain.engine.addresses import network_prefix, subnets_taken
from previewer.domain.labels import read_memory
from previewer.domain.policy.quantity_rules import memory_limit
from previewer.domain.units import counted, format_memory
from previewer.errors import UnsupportedError


class Quota(Struct, frozen=True):
    """How much of one engine may be taken. ``None`` is no limit."""

    environments: int | None = None
    """Environments of the project."""
    memory: int | None = None
    """Bytes that the limits of the project's containers may add up to."""
    overcommit: float | None = 2.0
    """The limits of everybody's containers together, as a multiple of the memory of the engine's machine."""
    free_disk: int | None = 256 << 20
    """Bytes that have to be free on the engine's disk."""


class Supply(Struct, frozen=True):
    """What an engine has. ``None`` is unknown."""

    subnets: int
    """Free ones of the address pool."""
    memory: int | None = None
    """Bytes of memory of its machine."""
    disk: int | None = None
    """Bytes that are free where it keeps images and volumes."""
    reservable: tuple[int, ...] = ()
    """Bytes that services may still reserve, by node, where a scheduler places them; empty where none does."""


class Need(Struct, frozen=True):
    """What one environment takes."""

    networks: int
    """In subnets of the usual length."""
    memory: int = 0
    """Bytes that its containers' limits add up to; those without a limit count nothing."""
    reserved: int = 0
    """Bytes that its containers' reservations add up to."""
    largest_reservation: int = 0
    """Bytes that one of its containers reserves at most: one node has to have them."""
    is_new: bool = True
    """``False`` where it takes another one's place, which goes afterwards."""


class Load(Struct, frozen=True):
    """What runs already. Only containers of previewer's count, and only those with a limit."""

    memory: int = 0
    """Bytes that the limits of everybody's containers add up to."""
    own_environments: int = 0
    """Environments of this project."""
    own_memory: int = 0
    """Bytes that the limits of this project's containers add up to, without those that will be replaced."""


class Bound(Struct, frozen=True):
    """One thing that there is not endlessly much of."""

    name: str
    """``addresses``, ``memory``, ``reservations``, ``disk``, ``quota.environments``, ``quota.memory``."""
    free_capacity: int
    """How many environments like the one in question it has room for; 0 means that not even one fits."""
    reason: str
    """The figures, as a sentence."""
    hint: str
    """What helps where there is no room."""


def bounds(supply: Supply, need: Need, load: Load, quota: Quota) -> tuple[Bound, ...]:
    """Everything that bounds how many environments like ``need`` still fit, tightest first."""
    memory = (*_memory(supply, need, load, quota), *_reservations(supply, need))
    found = (_addresses(supply, need), *memory, *_disk(supply, quota))
    return tuple(sorted((*found, *_quotas(need, load, quota)), key=lambda bound: bound.free_capacity))


def need_of(definition: Definition, *, subnet_prefix: int, is_new: bool = True) -> Need:
    """What an environment of an isolated ``definition`` takes; ``subnet_prefix`` is the usual subnet's length."""
    services = definition.services.values()
    memory = sum(memory_limit(service) * service.replicas for service in services)
    reserved = [service.reserved_memory for service in services for _each in range(service.replicas)]
    networks = sum(
        subnets_taken(network_prefix(definition, key, longest=subnet_prefix), usual=subnet_prefix)
        for key, network in definition.networks.items()
        if not network.external
    )
    # What takes ports over has one network more while both run.
    return Need(
        networks=networks if is_new else networks + 1,
        memory=memory,
        reserved=sum(reserved),
        largest_reservation=max(reserved, default=0),
        is_new=is_new,
    )


def need_of_plan(plan: Plan, *, subnet_prefix: int) -> Need:
    """What ``plan`` makes; ``subnet_prefix`` is the usual subnet's length."""
    actions = [step.action for step in plan]
    networks = [action.spec for action in actions if isinstance(action, CreateNetwork)]
    return Need(
        networks=sum(subnets_taken(network.prefix_length, usual=subnet_prefix) for network in networks),
        memory=sum(read_memory(action.spec.labels) for action in actions if isinstance(action, CreateContainer)),
    )


def _addresses(supply: Supply, need: Need) -> Bound:
    free_capacity = supply.subnets // max(need.networks, 1)
    free = counted(supply.subnets, "subnet")
    return Bound(
        "addresses",
        free_capacity if need.networks else max(free_capacity, 1),
        f"{free} of the address pool free, {need.networks} needed",
        "remove unused environments (`previewer down`), or set a larger pool (`network.pool`)",
    )


def _memory(supply: Supply, need: Need, load: Load, quota: Quota) -> Iterator[Bound]:
    if supply.memory is None or quota.overcommit is None or not need.memory:
        return
    most = int(supply.memory * quota.overcommit)
    yield Bound(
        "memory",
        max(most - load.memory, 0) // need.memory,
        f"limits of {format_memory(load.memory)} are given of at most {format_memory(most)} "
        f"({quota.overcommit:g} times the engine's memory), {format_memory(need.memory)} needed",
        "remove unused environments, set lower limits, or raise `quota.overcommit`",
    )


def _reservations(supply: Supply, need: Need) -> Iterator[Bound]:
    """A scheduler counts what is reserved, whatever of it is used."""
    if not supply.reservable or not need.reserved:
        return
    free, largest = sum(supply.reservable), max(supply.reservable)
    yield Bound(
        "reservations",
        free // need.reserved if largest >= need.largest_reservation else 0,
        f"{format_memory(free)} of the nodes' memory is not reserved, {format_memory(largest)} of it on one node; "
        f"{format_memory(need.reserved)} needed, {format_memory(need.largest_reservation)} of it by one service",
        "remove unused environments, lower `deploy.resources.reservations`, or add a node",
    )


def _disk(supply: Supply, quota: Quota) -> Iterator[Bound]:
    if supply.disk is not None and quota.free_disk is not None and supply.disk < quota.free_disk:
        yield Bound(
            "disk",
            0,
            f"{format_memory(supply.disk)} free on the engine's disk, {format_memory(quota.free_disk)} have to be",
            "`previewer prune` frees what is unused; `quota.free_disk` says how much has to be free",
        )


def _quotas(need: Need, load: Load, quota: Quota) -> Iterator[Bound]:
    hint = "remove unused environments, or ask for a larger quota in the default branch's settings"
    if quota.environments is not None and need.is_new:
        yield Bound(
            "quota.environments",
            max(quota.environments - load.own_environments, 0),
            f"the project has {load.own_environments} of {counted(quota.environments, 'environment')}",
            hint,
        )
    if quota.memory is not None and need.memory:
        yield Bound(
            "quota.memory",
            max(quota.memory - load.own_memory, 0) // need.memory,
            f"the project's limits are {format_memory(load.own_memory)} of {format_memory(quota.memory)}, "
            f"{format_memory(need.memory)} needed",
            hint,
        )


MANY_CONTAINERS, MANY_PORTS = 25, 50
"""From here on an engine takes a minute or so, while other environments of it are slow too."""


def slow_lines(definition: Definition) -> tuple[str, ...]:
    """What is worth knowing before it is made: that there is a lot of it."""
    services = definition.services.values()
    containers = sum(service.replicas for service in services)
    ports = sum(len(service.ports) * service.replicas for service in services)
    if containers < MANY_CONTAINERS and ports < MANY_PORTS:
        return ()
    made = f"{counted(containers, 'container')} with {counted(ports, 'published port')}"
    return (f"{made} take a while to make and to remove, and slow the engine's other environments meanwhile",)


START_INTERVAL = "healthcheck.start_interval"
VOLUME_SUBPATH = "volume.subpath"
"""Abilities, as :attr:`previewer.engine.protocol.Capabilities.missing` names them."""


def refuse_missing(definition: Definition, missing: Mapping[str, str]) -> None:
    """Raise :class:`UnsupportedError` for what needs an ability in ``missing``, which has its reason."""
    for ability, (find, hint) in _NEEDS.items():
        if ability not in missing:
            continue
        for service in definition.services.values():
            for path in find(service):
                raise UnsupportedError(
                    f"service {service.name}: this engine cannot do {ability}: {missing[ability]}",
                    where=str(definition.locate(("services", service.name, *path))),
                    hint=hint,
                )


def _start_intervals(service: Service) -> Iterator[ModelPath]:
    if service.healthcheck.start_interval:
        yield ("healthcheck", "start_interval")


def _subpaths(service: Service) -> Iterator[ModelPath]:
    for index, mount in enumerate(service.volumes):
        if mount.volume.subpath:
            yield ("volumes", str(index), "volume", "subpath")


_NEEDS: Mapping[str, tuple[Callable[[Service], Iterator[ModelPath]], str]] = {
    START_INTERVAL: (_start_intervals, "leave it out: the interval then holds from the start"),
    VOLUME_SUBPATH: (_subpaths, "give that part a volume of its own, mount the whole volume, or use Docker 26"),
}
