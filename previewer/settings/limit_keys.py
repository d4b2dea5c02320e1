"""The keys below ``[limits.ROLE]``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

from previewer.domain.policy.trust import Limits
from previewer.settings import values

LimitReader: TypeAlias = Callable[[Limits, object], Limits]

LIMIT_KEYS: tuple[tuple[str, str, str, LimitReader], ...] = (
    (
        "pids",
        'a number or `"none"`',
        "Processes of a container whose service sets no limit.",
        lambda limits, value: replace(limits, pids=values.read_limit(value)),
    ),
    (
        "memory",
        '`"512m"` or `"none"`',
        "Memory of a container whose service sets no limit.",
        lambda limits, value: replace(limits, memory=values.read_bytes(value)),
    ),
    (
        "cpus",
        'a number such as `1.5`, or `"none"`',
        "Processors of a container whose service sets no limit.",
        lambda limits, value: replace(limits, cpus=values.read_cpus(value)),
    ),
    (
        "max_pids",
        'a number or `"none"`',
        "The most processes that a service may set.",
        lambda limits, value: replace(limits, max_pids=values.read_limit(value)),
    ),
    (
        "max_memory",
        '`"4g"` or `"none"`',
        "The most memory that a service may set.",
        lambda limits, value: replace(limits, max_memory=values.read_bytes(value)),
    ),
    (
        "max_cpus",
        'a number such as `2`, or `"none"`',
        "The most processors that a service may set.",
        lambda limits, value: replace(limits, max_cpus=values.read_cpus(value)),
    ),
    (
        "max_services",
        'a number or `"none"`',
        "Services of one definition.",
        lambda limits, value: replace(limits, max_services=values.read_limit(value)),
    ),
    (
        "max_replicas",
        'a number or `"none"`',
        "Containers of one service.",
        lambda limits, value: replace(limits, max_replicas=values.read_limit(value)),
    ),
    (
        "max_containers",
        'a number or `"none"`',
        "Containers of one environment.",
        lambda limits, value: replace(limits, max_containers=values.read_limit(value)),
    ),
    (
        "max_ports",
        'a number or `"none"`',
        "Published ports of one environment, those of each container counted; and ports that a service exposes.",
        lambda limits, value: replace(limits, max_ports=values.read_limit(value)),
    ),
    (
        "max_volumes",
        'a number or `"none"`',
        "Volumes of one environment, anonymous ones counted; and mounts of one service.",
        lambda limits, value: replace(limits, max_volumes=values.read_limit(value)),
    ),
    (
        "max_networks",
        'a number or `"none"`',
        "Networks of one environment.",
        lambda limits, value: replace(limits, max_networks=values.read_limit(value)),
    ),
    (
        "max_shm_size",
        '`"1g"` or `"none"`',
        "The most shared memory that a service, or a build, may set.",
        lambda limits, value: replace(limits, max_shm_size=values.read_bytes(value)),
    ),
    (
        "max_tmpfs_size",
        '`"1g"` or `"none"`',
        "The most that the memory mounts of a service may have together, or a volume of memory.",
        lambda limits, value: replace(limits, max_tmpfs_size=values.read_bytes(value)),
    ),
    (
        "max_cpu_shares",
        'a number or `"none"`',
        "The most weight that a service may have against others.",
        lambda limits, value: replace(limits, max_cpu_shares=values.read_limit(value)),
    ),
    (
        "min_health_interval",
        '`"500ms"` or `"2s"`',
        "The least time between two health checks.",
        lambda limits, value: replace(limits, min_health_interval=values.read_short_time(value)),
    ),
    (
        "max_stop_grace",
        '`"90s"`, `"5m"` or `"none"`',
        "The longest time that a service may take to end.",
        lambda limits, value: replace(
            limits, max_stop_grace=None if value == values.UNLIMITED else values.read_seconds(value)
        ),
    ),
    (
        "max_ttl",
        '`"30d"` or `"never"`',
        "The longest life that a definition may set.",
        lambda limits, value: replace(limits, max_ttl=values.read_ttl(value)),
    ),
    (
        "max_untrusted_ttl",
        '`"12h"` or `"never"`',
        "The longest life of a commit that [gets no secrets](secrets.md#who-gets-them); `--ttl` gives more.",
        lambda limits, value: replace(limits, max_untrusted_ttl=values.read_ttl(value)),
    ),
    (
        "egress",
        "`true` or `false`",
        "Whether services may reach other machines, see [isolation](isolation.md).",
        lambda limits, value: replace(limits, egress=values.read_switch(value)),
    ),
)
"""The key, what its value looks like, what it means, and the limits with a value taken in."""
