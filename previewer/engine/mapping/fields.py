"""The tables: which key of a Compose service becomes which field of the Engine API.

Every key of the Compose Specification stands in exactly one of the tables here; a test holds them to the
specification's schema, and the mapping refuses a key that stands in none.
"""

from __future__ import annotations

from collections.abc import Callable

from previewer.domain.json_value import JsonValue
from previewer.engine.mapping import values
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One key that becomes one field."""

    key: str
    """In the Compose service."""
    engine_key: str
    """In the create body."""
    convert: Callable[[JsonValue], JsonValue] = values.keep
    keeps_empty: bool = False
    """Whether an empty list says something: it clears what the image says."""


CONFIG_FIELDS = (
    Field("hostname", "Hostname", values.text),
    Field("domainname", "Domainname", values.text),
    Field("user", "User", values.text),
    Field("working_dir", "WorkingDir", values.text),
    Field("stop_signal", "StopSignal", values.text),
    Field("stop_grace_period", "StopTimeout", values.whole_seconds),
    Field("tty", "Tty", values.flag),
    Field("stdin_open", "OpenStdin", values.flag),
    Field("command", "Cmd", values.texts, keeps_empty=True),
    Field("entrypoint", "Entrypoint", values.texts, keeps_empty=True),
    Field("environment", "Env", values.environment),
)
"""Fields at the top of the body."""

HOST_FIELDS = (
    Field("annotations", "Annotations", values.text_map),
    Field("cap_add", "CapAdd", values.texts),
    Field("cap_drop", "CapDrop", values.texts),
    Field("cgroup", "CgroupnsMode", values.text),
    Field("cgroup_parent", "CgroupParent", values.text),
    Field("cpu_count", "CpuCount", values.integer),
    Field("cpu_percent", "CpuPercent", values.integer),
    Field("cpu_period", "CpuPeriod", values.integer),
    Field("cpu_quota", "CpuQuota", values.integer),
    Field("cpu_rt_period", "CpuRealtimePeriod", values.integer),
    Field("cpu_rt_runtime", "CpuRealtimeRuntime", values.integer),
    Field("cpu_shares", "CpuShares", values.integer),
    Field("cpus", "NanoCpus", values.nano_cpus),
    Field("cpuset", "CpusetCpus", values.text),
    Field("device_cgroup_rules", "DeviceCgroupRules", values.texts),
    Field("dns", "Dns", values.texts),
    Field("dns_opt", "DnsOptions", values.texts),
    Field("dns_search", "DnsSearch", values.texts),
    Field("extra_hosts", "ExtraHosts", values.extra_hosts),
    Field("group_add", "GroupAdd", values.texts),
    Field("init", "Init", values.flag),
    Field("isolation", "Isolation", values.text),
    Field("logging", "LogConfig", values.logging),
    Field("mem_limit", "Memory", values.integer),
    Field("mem_reservation", "MemoryReservation", values.integer),
    Field("mem_swappiness", "MemorySwappiness", values.integer),
    Field("memswap_limit", "MemorySwap", values.integer),
    Field("oom_kill_disable", "OomKillDisable", values.flag),
    Field("oom_score_adj", "OomScoreAdj", values.integer),
    Field("pids_limit", "PidsLimit", values.integer),
    Field("privileged", "Privileged", values.flag),
    Field("read_only", "ReadonlyRootfs", values.flag),
    Field("restart", "RestartPolicy", values.restart),
    Field("runtime", "Runtime", values.text),
    Field("shm_size", "ShmSize", values.integer),
    Field("storage_opt", "StorageOpt", values.text_map),
    Field("sysctls", "Sysctls", values.text_map),
    Field("tmpfs", "Tmpfs", values.tmpfs),
    Field("ulimits", "Ulimits", values.ulimits),
    Field("userns_mode", "UsernsMode", values.text),
    Field("uts", "UTSMode", values.text),
)
"""Fields of its ``HostConfig``."""

HOST_FIELD_VERSIONS = {"annotations": (1, 43)}
"""The API version that brought a field. An older engine would ignore it without a word."""

SECTION_KEYS = {
    "labels": "labels",
    "blkio_config": "resources",
    "configs": "files",
    "container_name": "networks: an alias, for it is not unique",
    "deploy": "resources, restart",
    "devices": "devices",
    "expose": "ports",
    "external_links": "networks",
    "gpus": "devices",
    "healthcheck": "health",
    "ipc": "namespaces",
    "links": "networks",
    "mac_address": "networks",
    "network_mode": "namespaces",
    "networks": "networks",
    "pid": "namespaces",
    "ports": "ports",
    "secrets": "files",
    "security_opt": "security",
    "volumes": "mounts",
    "volumes_from": "mounts",
}
"""Keys that take more than one field, and the module of this package that maps them."""

NEEDED_ELSEWHERE = {
    "attach": "says what `docker compose up` prints",
    "build": "the build stage made the image",
    "depends_on": "orders the plan; the engine knows nothing of it",
    "develop": "for a working tree that changes; a commit does not",
    "env_file": "folded into environment when the definition was loaded",
    "extends": "resolved when the definition was loaded",
    "image": "the release names the image by content",
    "label_file": "folded into labels when the definition was loaded",
    "platform": "the artifact's platform counts",
    "profiles": "services of other profiles left the definition when it was loaded",
    "pull_policy": "running never pulls",
    "pull_refresh_after": "running never pulls",
    "scale": "the plan makes that many containers",
}
"""Keys that need no field of the engine, and why."""

DEPLOY_NEEDED_ELSEWHERE = {
    "endpoint_mode": "means something to a Swarm only",
    "labels": "labels of a Swarm service, not of its containers",
    "mode": "the plan makes as many containers as replicas says",
    "placement": "means something to a Swarm only",
    "replicas": "the plan makes that many containers",
    "rollback_config": "a generation is replaced as a whole",
    "update_config": "a generation is replaced as a whole",
}
"""The same for keys of ``deploy``; ``resources`` and ``restart_policy`` are mapped."""

REFUSED = {
    "credential_spec": "credentials of Windows containers are not supported",
    "models": "a model runner is not part of an environment",
    "post_start": "hooks are not supported",
    "pre_start": "hooks are not supported",
    "pre_stop": "hooks are not supported",
    "provider": "it runs a program on this machine",
    "use_api_socket": "it hands the engine and its registry credentials to the container",
}
"""Keys that change what a service is and cannot be honoured, and why."""
