"""Rules about how much a definition asks for, and about what it says that it is."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.service import Service
from previewer.domain.policy.rule import Find, Request, Rule, limit_rule, service_path
from previewer.domain.policy.trust import Trust
from previewer.domain.units import format_ttl, parse_memory, parse_ttl
from previewer.errors import UsageError

DEFAULT_CPU_PERIOD = 100_000
"""Microseconds (Docker Engine API, ``CpuPeriod``)."""


def quantities(service: Service, *, key: str, limit: str) -> Iterator[tuple[ModelPath, int]]:
    """What ``service`` sets under ``key`` and under ``deploy.resources.limits``. Negative is unlimited."""
    for keys, holder in (
        ((key,), service),
        (("deploy", "resources", "limits", limit), service.deploy.resources.limits),
    ):
        if number := getattr(holder, keys[-1]):
            yield service_path(service, *keys), number


def memory_limit(service: Service) -> int:
    """The bytes of memory that each container of ``service`` is limited to; 0 for no limit."""
    limits = [number for _path, number in quantities(service, key="mem_limit", limit="memory")]
    return max([0, *limits])


def own_limit(definition: Definition, name: str) -> int | None:
    """What ``x-previewer.limits`` gives to services without a limit: ``pids``, or ``memory`` in bytes."""
    value = getattr(definition.extension.limits, name)
    try:
        return parse_memory(str(value)) if value else None
    except ValueError:
        return None


def _at_most(key: str, limit: str, maximum: str, noun: str) -> Find:
    def find(definition: Definition, trust: Trust) -> Iterator[Request]:
        most: int | None = getattr(trust.limits, maximum)
        asked = [
            *((("x-previewer", "limits", limit), number) for number in (own_limit(definition, limit),) if number),
            *(
                found
                for service in definition.services.values()
                for found in quantities(service, key=key, limit=limit)
            ),
        ]
        for path, number in asked:
            if most is not None and not 0 < number <= most:
                amount = "any number" if number < 0 else str(number)
                yield Request(path, f"asks for {amount} of {noun}, {most} is the most", ())

    return find


def _cpus(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_cpus
    for path, number in _asked_cpus(definition):
        if most is not None and number and not 0 < number <= most:
            yield Request(path, f"asks for {number:g} processors, {most:g} is the most", ())


def _asked_cpus(definition: Definition) -> Iterator[tuple[ModelPath, float]]:
    """What asks for processors and how many; negative for any number, 0 for the default."""
    yield ("x-previewer", "limits", "cpus"), _own_cpus(definition)
    for service in definition.services.values():
        yield service_path(service, "cpus"), service.cpus
        period = service.cpu_period if service.cpu_period > 0 else DEFAULT_CPU_PERIOD
        yield service_path(service, "cpu_quota"), service.cpu_quota / period
        path = service_path(service, "deploy", "resources", "limits", "cpus")
        yield path, service.deploy.resources.limits.cpus


def _own_cpus(definition: Definition) -> float:
    try:
        return float(definition.extension.limits.cpus or 0)
    except ValueError:
        return 0


def _services(definition: Definition, trust: Trust) -> Iterator[Request]:
    most, count = trust.limits.max_services, len(definition.services)
    if most is not None and count > most:
        yield Request(("services",), f"has {count} services, {most} is the most", ())


def _containers(definition: Definition, trust: Trust) -> Iterator[Request]:
    most, count = trust.limits.max_containers, sum(service.replicas for service in definition.services.values())
    if most is not None and count > most:
        yield Request(("services",), f"has {count} containers, {most} is the most", ())


def _replicas(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_replicas
    for service in definition.services.values():
        if most is not None and service.replicas > most:
            path = service_path(service, "scale") if "scale" in service.spec else service_path(service, "deploy")
            yield Request(path, f"asks for {service.replicas} containers, {most} is the most", ())


def _ttl(definition: Definition, trust: Trust) -> Iterator[Request]:
    most, text = trust.limits.max_ttl, definition.extension.ttl
    if most is None or not text:
        return
    try:
        asked = parse_ttl(text)
    except UsageError as error:
        yield Request(("x-previewer", "ttl"), error.message, ())
        return
    if asked is None or asked > most:
        yield Request(("x-previewer", "ttl"), f"lives for {text}, {format_ttl(most)} is the most", ())


def _role(definition: Definition, trust: Trust) -> Iterator[Request]:
    if definition.role is not trust.role:
        role = definition.role.value
        message = f"says that it is for {role}, but {trust.role.value} was asked for"
        yield Request(("x-previewer", "role"), message, (role,))


QUANTITY_RULES = (
    Rule(
        id="role",
        forbids="a role other than the one that was asked for",
        why="a branch could call itself production to get what production is allowed",
        instead="set x-previewer.role to the role that the environment is made for",
        subject="the role that the definition names",
        find=_role,
    ),
    limit_rule(
        id_="service-limit",
        forbids="more services than the role may have",
        why="one definition should not take the whole machine",
        instead="split the definition, or use profiles",
        limit="max_services",
        find=_services,
    ),
    limit_rule(
        id_="replica-limit",
        forbids="more containers of a service than the role may have",
        why="one definition should not take the whole machine",
        instead="ask for fewer replicas",
        limit="max_replicas",
        find=_replicas,
    ),
    limit_rule(
        id_="container-limit",
        forbids="more containers in all than the role may have",
        why="one definition should not take the whole machine",
        instead="ask for fewer replicas",
        limit="max_containers",
        find=_containers,
    ),
    limit_rule(
        id_="memory-limit",
        forbids="a memory limit above the role's",
        why="one definition should not take the whole machine",
        instead="ask for less memory",
        limit="max_memory",
        find=_at_most("mem_limit", "memory", "max_memory", "bytes of memory"),
    ),
    limit_rule(
        id_="cpus-limit",
        forbids="more processors than the role may have",
        why="one definition should not take the whole machine",
        instead="ask for fewer processors",
        limit="max_cpus",
        find=_cpus,
    ),
    limit_rule(
        id_="pids-limit",
        forbids="a process limit above the role's, or none at all",
        why="a fork bomb takes the whole machine",
        instead="ask for fewer processes",
        limit="max_pids",
        find=_at_most("pids_limit", "pids", "max_pids", "processes"),
    ),
    limit_rule(
        id_="ttl-limit",
        forbids="a longer life than the role's environments may have",
        why="a forgotten environment has to expire",
        instead="set a shorter x-previewer.ttl; previewer up --ttl gives a single environment more",
        limit="max_ttl",
        find=_ttl,
    ),
)
