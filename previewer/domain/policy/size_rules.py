"""Rules about how many objects of the engine, and how much of the machine, one definition takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.routes import declared_routes
from previewer.domain.compose.service import Service
from previewer.domain.policy.rule import Request, Rule, in_services, limit_rule, service_path
from previewer.domain.policy.trust import Trust
from previewer.domain.units import parse_duration_seconds

ULIMITS: Mapping[str, int] = {
    "rtprio": 0,
    "nice": 20,
    "nofile": 1 << 20,
    "msgqueue": 8 << 20,
    "sigpending": 1 << 20,
}
"""The most that needs no grant, by name. The memory and process limits of a container bound what others do."""
_SIZE = re.compile(r"(\d{1,18})([kmgtpe]?)", re.IGNORECASE)
_ENDLESS = 1 << 63


def _ports(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_ports
    if most is None:
        return
    total = 0
    for service in definition.services.values():
        published = {(port.target, port.protocol, port.published, port.host_ip) for port in service.ports}
        routed = {route.port for route in declared_routes(definition) if route.service == service.name}
        count = len(published) + len(routed - {port.target for port in service.ports})
        total += count * service.replicas
        if count > most:
            yield Request(service_path(service, "ports"), f"publishes {count} ports, {most} is the most", ())
            return
        if (exposed := exposed_ports(service)) > most:
            yield Request(service_path(service, "expose"), f"exposes {exposed} ports, {most} is the most", ())
    if total > most:
        yield Request(("services",), f"publishes {total} ports in all, {most} is the most", ())


def exposed_ports(service: Service) -> int:
    """How many ports ``expose`` comes to, ranges expanded."""
    count = 0
    for entry in service.expose:
        first, _, last = entry.partition("/")[0].partition("-")
        both = first.isdecimal() and (last or first).isdecimal()
        count += max(1, int(last or first) - int(first) + 1) if both else 1
    return count


def _volumes(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_volumes
    if most is None:
        return
    count = named = sum(not volume.external for volume in definition.volumes.values())
    for service in definition.services.values():
        nameless = [mount for mount in service.volumes if mount.type == "volume" and not mount.source]
        count += len(nameless) * service.replicas
        mounted = len(service.volumes) + len(service.tmpfs)
        if mounted > most:
            yield Request(service_path(service, "volumes"), f"mounts {mounted} things, {most} is the most", ())
            return
    if count > most:
        section = "volumes" if named > most else "services"
        yield Request((section,), f"has {count} volumes, {most} is the most", ())


def _networks(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_networks
    count = sum(not network.external for network in definition.networks.values())
    if most is not None and count > most:
        yield Request(("networks",), f"has {count} networks, {most} is the most", ())


def _health_intervals(definition: Definition, trust: Trust) -> Iterator[Request]:
    for service in definition.services.values():
        check = service.healthcheck
        for key, interval in (("interval", check.interval), ("start_interval", check.start_interval)):
            if too_often(interval, trust):
                path = service_path(service, "healthcheck", key)
                least = f"{trust.limits.min_health_interval:g}s is the least"
                yield Request(path, f"checks its health every {interval}, {least}", ())


def too_often(interval: str, trust: Trust) -> bool:
    """Whether health checks at this interval come too fast; none, and zero, is the engine's half a minute."""
    try:
        seconds = parse_duration_seconds(interval or "0")
    except ValueError:
        return False  # the engine refuses it
    return 0 < seconds < trust.limits.min_health_interval


def _shared_memory(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_shm_size
    for service in definition.services.values():
        built = (service.build and service.build.shm_size) or 0
        for keys, size in ((("shm_size",), service.shm_size), (("build", "shm_size"), built)):
            if most is not None and size > most:
                yield Request(service_path(service, *keys), f"asks for {size} bytes, {most} is the most", ())


def _memory_mounts(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_tmpfs_size
    if most is None:
        return
    for service in definition.services.values():
        total = 0
        for path, size in _mount_sizes(service):
            total += size
            if total > most:
                yield Request(path, f"mounts {_amount(total)} of memory, {most} bytes are the most", ())
                break
    for key, volume in definition.volumes.items():
        options = volume.driver_opts
        if options.get("type") == "tmpfs" and (size := _option_size(options.get("o", ""))) > most:
            path = ("volumes", key, "driver_opts", "o")
            yield Request(path, f"holds {_amount(size)} of memory, {most} bytes are the most", ())


def _mount_sizes(service: Service) -> Iterator[tuple[ModelPath, int]]:
    """The memory mounts of a service that set a size. The memory limit of the container bounds the others."""
    for index, entry in enumerate(service.tmpfs):
        yield service_path(service, "tmpfs", str(index)), _option_size(entry.partition(":")[2])
    for index, mount in enumerate(service.volumes):
        size = mount.tmpfs.size
        yield service_path(service, "volumes", str(index)), size if size >= 0 else _ENDLESS


def _option_size(options: str) -> int:
    """The size among mount options, 0 without one. A share of the machine's memory and ``size=0`` have no end."""
    size = 0
    for option in options.split(","):
        name, _, text = option.strip().partition("=")
        if name == "size":
            match = _SIZE.fullmatch(text)
            size = (int(match[1]) * 1024 ** "_kmgtpe".index(match[2].lower() or "_") if match else 0) or _ENDLESS
    return size


def _amount(size: int) -> str:
    return "any amount" if size >= _ENDLESS else f"{size} bytes"


def _cpu_shares(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_cpu_shares
    for service in definition.services.values():
        shares = service.cpu_shares
        if most is not None and shares > most:
            yield Request(service_path(service, "cpu_shares"), f"asks for {shares} shares, {most} is the most", ())


def _stop_grace(definition: Definition, trust: Trust) -> Iterator[Request]:
    most = trust.limits.max_stop_grace
    for service in definition.services.values():
        text = service.stop_grace_period or "0"
        try:
            seconds = parse_duration_seconds(text)
        except ValueError:
            continue  # the mapping refuses it
        if most is not None and seconds > most:
            path = service_path(service, "stop_grace_period")
            yield Request(path, f"takes {text} to end, {most:g}s is the most", ())


def _ulimits(service: Service) -> Iterator[Request]:
    built = service.build.ulimits if service.build else {}
    for keys, limits in ((("ulimits",), service.ulimits), (("build", "ulimits"), built)):
        for name, limit in limits.items():
            numbers = (limit,) if isinstance(limit, int) else (limit.soft, limit.hard)
            most = ULIMITS.get(name.lower())
            if most is not None and any(not 0 <= number <= most for number in numbers):
                message = f"sets the limit {name!r} to {max(numbers)}, {most} is the most"
                yield Request(service_path(service, *keys, name), message, (name,))


WHOLE_MACHINE = "one definition should not take the whole machine"
SIZE_RULES = (
    limit_rule(
        id_="port-limit",
        forbids="more ports, published by an environment or exposed by a service or its image, than allowed",
        why="each is a process and packet filter rules of the machine, and slows other environments too",
        instead="publish only what is opened from outside; services reach each other without",
        limit="max_ports",
        find=_ports,
    ),
    limit_rule(
        id_="volume-limit",
        forbids="more volumes of an environment, or mounts of a service, than the role may have",
        why=WHOLE_MACHINE,
        instead="use fewer volumes",
        limit="max_volumes",
        find=_volumes,
    ),
    limit_rule(
        id_="network-limit",
        forbids="more networks than the role may have",
        why="each is an interface, a subnet and packet filter rules of the machine",
        instead="use fewer networks",
        limit="max_networks",
        find=_networks,
    ),
    limit_rule(
        id_="health-interval",
        forbids="health checks, of a service or its image, that follow each other faster than the role allows",
        why="each check starts a process, in the engine's time",
        instead="set a longer interval",
        limit="min_health_interval",
        find=_health_intervals,
    ),
    limit_rule(
        id_="shm-limit",
        forbids="more shared memory than the role may have",
        why=WHOLE_MACHINE,
        instead="set a smaller shm_size",
        limit="max_shm_size",
        find=_shared_memory,
    ),
    limit_rule(
        id_="tmpfs-limit",
        forbids="larger mounts of memory than the role may have, and shares of the machine's memory (`size=50%`)",
        why=WHOLE_MACHINE,
        instead="set a smaller size",
        limit="max_tmpfs_size",
        find=_memory_mounts,
    ),
    limit_rule(
        id_="cpu-share-limit",
        forbids="more weight against other containers than the role may have",
        why="the other environments would stand still",
        instead="leave cpu_shares out",
        limit="max_cpu_shares",
        find=_cpu_shares,
    ),
    limit_rule(
        id_="stop-grace-limit",
        forbids="a `stop_grace_period` above the role's",
        why="nothing could replace or remove the environment meanwhile",
        instead="set a shorter stop_grace_period",
        limit="max_stop_grace",
        find=_stop_grace,
    ),
    Rule(
        id="ulimit",
        forbids="`ulimits` above " + ", ".join(f"{most} (`{name}`)" for name, most in ULIMITS.items()),
        why="they give a process precedence over the machine's own, or memory of the kernel",
        instead="leave it out",
        subject="the limit's name",
        find=in_services(_ulimits),
    ),
)
