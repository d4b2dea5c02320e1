"""Seeds: jobs of a definition that fill volumes once, and the digest of all that their result depends on."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition
from previewer.domain.compose.extension import DeclaredJob
from previewer.domain.compose.mounted_files import tree_sources
from previewer.domain.compose.service import Condition
from previewer.domain.compose.start_order import effective_dependencies
from previewer.domain.json_value import JsonValue, digest_of
from previewer.domain.release.release import Artifact

MASK = "mask"
"""The name of the job that masks data."""
WILDCARDS = frozenset("*?[")
_NOT_FOR_JOBS = ("ports", "scale", "deploy", "container_name")
_OF_ENVIRONMENTS = ("routes", "await_ports", "seeds", "ttl")


class Seed(Struct, frozen=True):
    """One job that fills volumes."""

    name: str
    service: str
    """The service that does it, once what it depends on is ready."""
    volumes: tuple[str, ...]
    """The volumes that are kept, by their keys in the definition."""
    command: JsonValue = None
    """What that service runs instead of its own command; ``None`` for its own."""
    sources: tuple[str, ...] = ()
    """Files and folders of the commit that the result depends on, besides what services mount."""
    incremental: bool = False
    """Whether it goes on from the snapshot of the nearest ancestor that has one."""


def seeds_of(definition: Definition) -> tuple[Seed, ...]:
    """The seeds that a definition declares, by name, without those of which a profile left everything out."""
    seeds = (_read(name, job) for name, job in sorted(definition.extension.seeds.items()))
    return tuple(
        replace(seed, volumes=tuple(key for key in seed.volumes if key in definition.volumes))
        for seed in seeds
        if seed.service in definition.services and not definition.volumes.keys().isdisjoint(seed.volumes)
    )


def mask_of(definition: Definition) -> Seed | None:
    """The job that masks data; ``None`` where the definition declares none."""
    mask = definition.extension.data.mask
    return _read(MASK, mask) if mask is not None else None


def _read(name: str, job: DeclaredJob) -> Seed:
    return Seed(
        name=name,
        service=job.run,
        volumes=tuple(sorted(job.volumes)),
        command=job.command,
        sources=tuple(sorted(set(map(_without_wildcards, job.sources)))),
        incremental=job.incremental,
    )


def _without_wildcards(path: str) -> str:
    """The folder that holds everything that a glob can mean: ``migrations`` for ``migrations/**``."""
    parts = posixpath.normpath(path).split("/")
    literal = [*_before_wildcard(parts)]
    return "/".join(literal) or "."


def _before_wildcard(parts: list[str]) -> Iterator[str]:
    for part in parts:
        if not WILDCARDS.isdisjoint(part):
            return
        yield part


def frozen_sources(definition: Definition) -> set[str]:
    """Files and folders of the commit that services read while they run, or that seeds depend on."""
    jobs = (*seeds_of(definition), *filter(None, [mask_of(definition)]))
    return {*tree_sources(definition), *(source for job in jobs for source in job.sources)}


def seeding_definition(definition: Definition, seed: Seed) -> Definition:
    """What runs to fill the volumes of ``seed``: its service and what that depends on, published nowhere."""
    names = _closure(definition, seed.service)
    services: dict[str, JsonValue] = {}
    for name in sorted(names):
        spec = {key: value for key, value in definition.services[name].spec.items() if key not in _NOT_FOR_JOBS}
        if name == seed.service:
            spec |= {"restart": "no"}
            spec |= {"command": seed.command} if seed.command is not None else {}
        services[name] = spec
    extension = {key: value for key, value in definition.raw_extension.items() if key not in _OF_ENVIRONMENTS}
    model = {**definition.model, "services": services, "x-previewer": extension}
    mounts = (mount for name in names for mount in definition.services[name].volumes)
    used = {*seed.volumes, *(mount.source for mount in mounts if mount.type == "volume")}
    model["volumes"] = {key: volume.spec for key, volume in definition.volumes.items() if key in used}
    return replace(definition, model=model)


def awaited_condition(definition: Definition, seed: Seed) -> Condition:
    """When a seed has done its work: its service is healthy, if it has a health check of its own, or has ended."""
    service = definition.services[seed.service]
    is_server = seed.command is None and service.has_healthcheck
    return Condition.HEALTHY if is_server else Condition.COMPLETED


def seed_digest(
    definition: Definition,
    seed: Seed,
    *,
    artifacts: Mapping[str, Artifact],
    files: Mapping[str, str],
    parent: str = "",
) -> str:
    """The digest of the images, definitions and files that the result of ``seed`` depends on.

    ``files`` are digests of files of the commit by their path; ``parent`` is the snapshot that it goes on from.
    """
    running = seeding_definition(definition, seed)
    sources = {*tree_sources(running), *seed.sources}
    return digest_of(
        {
            "services": {name: service.spec for name, service in running.services.items()},
            "images": {name: artifacts[name].image for name in running.services if name in artifacts},
            "volumes": list(seed.volumes),
            "files": {path: files[path] for path in sorted(sources) if path in files},
            "parent": parent,
        }
    )


def _closure(definition: Definition, service: str) -> set[str]:
    found: set[str] = set()
    waiting = [service]
    while waiting:
        name = waiting.pop()
        if name in found or name not in definition.services:
            continue
        found.add(name)
        waiting += [d.service for d in effective_dependencies(definition, definition.services[name])]
        waiting += definition.services[name].namespace_partners
        waiting += [entry.partition(":")[0] for entry in definition.services[name].volumes_from]
    return found
