"""The table of Compose keys: one row says all that is particular to a key, and every reader takes its column.

Loading takes the kinds, merge rules and identities, the mapping takes the fields of the Engine API, drift and
parity take the weights. A place without a row is an ordinary one: mappings merge, lists append, scalars replace.

The sources are compose-go (``loader/interpolate.go``, ``override/merge.go``, ``override/uncity.go``) and the
Engine API's reference. A test holds the table to the specification's schema.
"""

from __future__ import annotations

from previewer.domain.compose.key import (
    ComposeKey,
    EngineField,
    Identity,
    Kind,
    MappedBy,
    Merge,
    NotMapped,
    Part,
    Refused,
    Weight,
)
from previewer.domain.drift.finding import Severity
from previewer.domain.units import exact_memory


def _config(name: str, *, keeps_empty: bool = False) -> EngineField:
    return EngineField(Part.CONFIG, name, keeps_empty=keeps_empty)


def _host(name: str, *, since: tuple[int, int] | None = None) -> EngineField:
    return EngineField(Part.HOST, name, since)


def _high(why: str) -> Weight:
    return Weight(Severity.HIGH, why)


def _medium(why: str) -> Weight:
    return Weight(Severity.MEDIUM, why)


def _low(why: str) -> Weight:
    return Weight(Severity.LOW, why)


_OTHER_PROGRAM = _high("they run another program")
_OTHER_INPUT = _high("a program is told something else")
_OTHER_LABELS = _low("other programs may act on labels")
_RIGHTS = Weight(Severity.HIGH, "it may do more, or less, than was reviewed")
_LIMITS = Weight(Severity.MEDIUM, "it behaves differently under load than what was tried")
_PROGRAM = Weight(Severity.HIGH, "it runs another program than was frozen")

_SWARM_ONLY = NotMapped("means something to a Swarm only")
_AS_A_WHOLE = NotMapped("a generation is replaced as a whole")
_COPIES = NotMapped("the plan makes that many containers")
_HOOKS = Refused("hooks are not supported")

K, M, ID = Kind, Merge, Identity

SERVICE_KEYS = (
    ComposeKey("annotations", K.TEXT_BY_NAME, _host("Annotations", since=(1, 43)), M.ASSIGNMENTS, ID.NAME),
    ComposeKey("attach", mapping=NotMapped("says what `docker compose up` prints")),
    ComposeKey("blkio_config", mapping=MappedBy("resources")),
    *(
        ComposeKey(f"blkio_config.device_{way}_{unit}.[].rate", K.BYTES)
        for way in ("read", "write")
        for unit in ("bps", "iops")
    ),
    ComposeKey(
        "build",
        mapping=NotMapped("the build stage made the image"),
        merge=M.BUILD,
        parity=_high("other code would be built"),
    ),
    ComposeKey("build.additional_contexts", merge=M.ASSIGNMENTS, identity=ID.NAME),
    ComposeKey("build.args", merge=M.ASSIGNMENTS, identity=ID.NAME),
    ComposeKey("build.cache_from", K.TEXTS),
    ComposeKey("build.cache_to", K.TEXTS),
    ComposeKey("build.extra_hosts", K.HOSTS, merge=M.NEW_HOSTS),
    ComposeKey("build.labels", K.TEXT_BY_NAME, merge=M.ASSIGNMENTS, identity=ID.NAME),
    ComposeKey("build.platforms", K.TEXTS),
    ComposeKey("build.secrets.[].mode", K.FILE_MODE),
    ComposeKey("build.shm_size", K.BYTES),
    ComposeKey("build.ssh", K.SSH_KEYS),
    ComposeKey("build.tags", K.TEXTS, identity=ID.NAME),
    ComposeKey("cap_add", K.TEXTS, _host("CapAdd"), identity=ID.NAME, drift=_RIGHTS, known_by=()),
    ComposeKey("cap_drop", K.TEXTS, _host("CapDrop"), identity=ID.NAME, drift=_RIGHTS, known_by=()),
    ComposeKey("cgroup", K.TEXT, _host("CgroupnsMode")),
    ComposeKey("cgroup_parent", K.TEXT, _host("CgroupParent")),
    ComposeKey(
        "command",
        K.WORDS,
        _config("Cmd", keeps_empty=True),
        M.REPLACE,
        drift=_PROGRAM,
        parity=_OTHER_PROGRAM,
    ),
    ComposeKey(
        "configs",
        mapping=MappedBy("mounts"),
        identity=ID.CONFIG_TARGET,
        parity=_high("programs are set up differently"),
        known_by=("source", "target"),
    ),
    ComposeKey("configs.[].mode", K.FILE_MODE),
    ComposeKey("container_name", mapping=MappedBy("networks: an alias, for it is not unique")),
    ComposeKey("cpu_count", K.INTEGER, _host("CpuCount")),
    ComposeKey("cpu_percent", K.PERCENT, _host("CpuPercent")),
    ComposeKey("cpu_period", K.INTEGER, _host("CpuPeriod"), drift=_LIMITS),
    ComposeKey("cpu_quota", K.INTEGER, _host("CpuQuota"), drift=_LIMITS),
    ComposeKey("cpu_rt_period", K.INTEGER, _host("CpuRealtimePeriod"), drift=_LIMITS),
    ComposeKey("cpu_rt_runtime", K.INTEGER, _host("CpuRealtimeRuntime"), drift=_LIMITS),
    ComposeKey("cpu_shares", K.INTEGER, _host("CpuShares"), drift=_LIMITS),
    ComposeKey("cpus", K.PROCESSORS, _host("NanoCpus"), drift=_LIMITS, same_as="limits.cpus"),
    ComposeKey("cpuset", K.TEXT, _host("CpusetCpus"), drift=_LIMITS),
    ComposeKey("credential_spec", mapping=Refused("credentials of Windows containers are not supported")),
    ComposeKey(
        "depends_on",
        mapping=NotMapped("orders the plan; the engine knows nothing of it"),
        merge=M.DEPENDENCIES,
        parity=_medium("they start in another order"),
    ),
    ComposeKey(
        "deploy",
        mapping=MappedBy("resources"),
        parity=_medium("they behave differently under load"),
    ),
    ComposeKey("deploy.endpoint_mode", mapping=_SWARM_ONLY),
    ComposeKey(
        "deploy.labels",
        K.TEXT_BY_NAME,
        NotMapped("labels of a Swarm service, not of its containers"),
        M.ASSIGNMENTS,
        ID.NAME,
    ),
    ComposeKey("deploy.mode", mapping=NotMapped("the plan makes as many containers as replicas says")),
    ComposeKey("deploy.placement", mapping=_SWARM_ONLY),
    ComposeKey("deploy.placement.max_replicas_per_node", K.INTEGER),
    ComposeKey("deploy.replicas", K.INTEGER, _COPIES),
    ComposeKey("deploy.resources.limits.cpus", K.NUMBER, zero_is_absent=True),
    ComposeKey("deploy.resources.limits.memory", K.BYTES, zero_is_absent=True),
    ComposeKey("deploy.resources.limits.pids", K.INTEGER, zero_is_absent=True),
    ComposeKey("deploy.resources.reservations.cpus", K.NUMBER, zero_is_absent=True),
    ComposeKey("deploy.resources.reservations.devices.[].count", K.DEVICE_COUNT),
    ComposeKey("deploy.resources.reservations.devices.[].options", K.TEXT_BY_NAME),
    ComposeKey("deploy.resources.reservations.memory", K.BYTES, zero_is_absent=True),
    ComposeKey("deploy.resources", mapping=MappedBy("resources")),
    ComposeKey("deploy.restart_policy", mapping=MappedBy("resources")),
    ComposeKey("deploy.restart_policy.delay", K.DURATION),
    ComposeKey("deploy.restart_policy.max_attempts", K.INTEGER),
    ComposeKey("deploy.restart_policy.window", K.DURATION),
    *(
        row
        for way in ("rollback_config", "update_config")
        for row in (
            ComposeKey(f"deploy.{way}", mapping=_AS_A_WHOLE),
            ComposeKey(f"deploy.{way}.delay", K.DURATION, zero_is_absent=True),
            ComposeKey(f"deploy.{way}.max_failure_ratio", K.NUMBER),
            ComposeKey(f"deploy.{way}.monitor", K.DURATION, zero_is_absent=True),
            ComposeKey(f"deploy.{way}.parallelism", K.INTEGER),
        )
    ),
    ComposeKey("develop", mapping=NotMapped("for a working tree that changes; a commit does not")),
    ComposeKey("develop.watch.[].exec.command", K.WORDS),
    ComposeKey("develop.watch.[].exec.environment", K.HOOK_ENVIRONMENT),
    ComposeKey("device_cgroup_rules", K.TEXTS, _host("DeviceCgroupRules"), drift=_RIGHTS, known_by=()),
    ComposeKey(
        "devices", mapping=MappedBy("host_access"), identity=ID.DEVICE_TARGET, drift=_RIGHTS, known_by=("target",)
    ),
    ComposeKey("dns", K.TEXTS, _host("Dns"), M.ASSIGNMENTS, ID.NAME, known_by=()),
    ComposeKey("dns_opt", K.TEXTS, _host("DnsOptions"), M.ASSIGNMENTS, ID.NAME, known_by=()),
    ComposeKey("dns_search", K.TEXTS, _host("DnsSearch"), M.ASSIGNMENTS, ID.NAME, known_by=()),
    ComposeKey("domainname", K.TEXT, _config("Domainname")),
    ComposeKey(
        "entrypoint",
        K.WORDS,
        _config("Entrypoint", keeps_empty=True),
        M.REPLACE,
        drift=_PROGRAM,
        parity=_OTHER_PROGRAM,
    ),
    ComposeKey(
        "env_file",
        mapping=NotMapped("folded into environment when the definition was loaded"),
        merge=M.ASSIGNMENTS,
        identity=ID.FILE_PATH,
        parity=_OTHER_INPUT,
        known_by=(),
    ),
    ComposeKey(
        "environment",
        K.ENVIRONMENT,
        _config("Env"),
        M.ASSIGNMENTS,
        ID.NAME,
        parity=_OTHER_INPUT,
    ),
    ComposeKey("expose", K.TEXTS, MappedBy("networks"), identity=ID.VALUE, known_by=()),
    ComposeKey("extends", mapping=NotMapped("resolved when the definition was loaded")),
    ComposeKey("external_links", mapping=MappedBy("networks"), known_by=()),
    ComposeKey("extra_hosts", K.HOSTS, _host("ExtraHosts"), M.NEW_HOSTS),
    ComposeKey("gpus", mapping=MappedBy("host_access"), drift=_RIGHTS),
    ComposeKey("gpus.[].count", K.DEVICE_COUNT),
    ComposeKey("gpus.[].options", K.TEXT_BY_NAME),
    ComposeKey("group_add", K.TEXTS, _host("GroupAdd"), identity=ID.VALUE, drift=_RIGHTS, known_by=()),
    ComposeKey(
        "healthcheck",
        mapping=MappedBy("resources"),
        drift=Weight(Severity.MEDIUM, "its health is judged by another measure"),
        parity=Weight(Severity.MEDIUM, "health is judged by another measure"),
    ),
    ComposeKey("healthcheck.disable", K.FLAG),
    ComposeKey("healthcheck.interval", K.DURATION),
    ComposeKey("healthcheck.retries", K.INTEGER),
    ComposeKey("healthcheck.start_interval", K.DURATION),
    ComposeKey("healthcheck.start_period", K.DURATION),
    ComposeKey("healthcheck.test", K.HEALTH_TEST, merge=M.REPLACE),
    ComposeKey("healthcheck.timeout", K.DURATION),
    ComposeKey("hostname", K.TEXT, _config("Hostname")),
    ComposeKey(
        "image",
        mapping=NotMapped("the release names the image by content"),
        drift=Weight(Severity.HIGH, "it runs other code than was frozen"),
        parity=_high("they run other code"),
    ),
    ComposeKey("init", K.FLAG, _host("Init")),
    ComposeKey("ipc", mapping=MappedBy("host_access"), drift=_RIGHTS),
    ComposeKey("isolation", K.TEXT, _host("Isolation")),
    ComposeKey(
        "label_file", mapping=NotMapped("folded into labels when the definition was loaded"), merge=M.ASSIGNMENTS
    ),
    ComposeKey(
        "labels",
        K.TEXT_BY_NAME,
        MappedBy("part"),
        M.ASSIGNMENTS,
        ID.NAME,
        parity=_OTHER_LABELS,
    ),
    ComposeKey("links", mapping=MappedBy("networks"), identity=ID.NAME, known_by=()),
    ComposeKey("logging", K.LOGGING, _host("LogConfig"), M.LOGGING, parity=_low("logs go elsewhere")),
    ComposeKey("logging.options", K.TEXT_BY_NAME),
    ComposeKey("mac_address", mapping=MappedBy("networks")),
    ComposeKey("mem_limit", K.BYTES, _host("Memory"), drift=_LIMITS, zero_is_absent=True, same_as="limits.memory"),
    ComposeKey(
        "mem_reservation",
        K.BYTES,
        _host("MemoryReservation"),
        drift=_LIMITS,
        zero_is_absent=True,
        same_as="reservations.memory",
    ),
    ComposeKey("mem_swappiness", K.BYTES, _host("MemorySwappiness"), drift=_LIMITS, zero_is_absent=True),
    ComposeKey("memswap_limit", K.BYTES, _host("MemorySwap"), drift=_LIMITS, zero_is_absent=True),
    ComposeKey("models", mapping=Refused("a model runner is not part of an environment"), merge=M.NAMES),
    ComposeKey("network_mode", mapping=MappedBy("host_access"), drift=_RIGHTS),
    ComposeKey(
        "networks",
        mapping=MappedBy("networks"),
        merge=M.NAMES,
        parity=_high("they reach, or are reached by, others"),
    ),
    ComposeKey("networks.*.aliases", identity=ID.NAME, known_by=()),
    ComposeKey("networks.*.driver_opts", K.TEXT_BY_NAME),
    ComposeKey("networks.*.link_local_ips", identity=ID.NAME),
    ComposeKey("oom_kill_disable", K.FLAG, _host("OomKillDisable"), drift=_LIMITS),
    ComposeKey("oom_score_adj", K.INTEGER, _host("OomScoreAdj"), drift=_LIMITS),
    ComposeKey("pid", mapping=MappedBy("host_access"), drift=_RIGHTS),
    ComposeKey("pids_limit", K.INTEGER, _host("PidsLimit"), drift=_LIMITS, same_as="limits.pids"),
    ComposeKey("platform", mapping=NotMapped("the artifact's platform counts")),
    ComposeKey(
        "ports",
        mapping=MappedBy("networks"),
        identity=ID.PORT,
        parity=_high("they are reachable elsewhere, or not at all"),
        known_by=("target", "protocol"),
    ),
    ComposeKey("ports.[].published", K.PUBLISHED_PORT),
    ComposeKey("ports.[].target", K.INTEGER),
    *(
        row
        for hook in ("post_start", "pre_stop")
        for row in (
            ComposeKey(hook, mapping=_HOOKS),
            ComposeKey(f"{hook}.[].command", K.WORDS),
            ComposeKey(f"{hook}.[].environment", K.HOOK_ENVIRONMENT),
        )
    ),
    ComposeKey("privileged", K.FLAG, _host("Privileged"), drift=_RIGHTS),
    ComposeKey(
        "profiles",
        mapping=NotMapped("services of other profiles left the definition when it was loaded"),
        identity=ID.NAME,
        known_by=(),
    ),
    ComposeKey("provider", mapping=Refused("it runs a program on this machine")),
    ComposeKey("provider.options", K.PROVIDER_OPTIONS),
    ComposeKey("pull_policy", mapping=NotMapped("running never pulls")),
    ComposeKey("pull_refresh_after", mapping=NotMapped("running never pulls")),
    ComposeKey("read_only", K.FLAG, _host("ReadonlyRootfs"), drift=_RIGHTS),
    ComposeKey(
        "restart",
        K.RESTART,
        _host("RestartPolicy"),
        drift=Weight(Severity.MEDIUM, "it comes back, or stays away, at other times than was declared"),
    ),
    ComposeKey("runtime", K.TEXT, _host("Runtime")),
    ComposeKey("scale", K.INTEGER, _COPIES),
    ComposeKey(
        "secrets",
        mapping=MappedBy("mounts"),
        identity=ID.SECRET_TARGET,
        parity=_high("programs are given other secrets"),
        known_by=("source", "target"),
    ),
    ComposeKey("secrets.[].mode", K.FILE_MODE),
    ComposeKey("security_opt", mapping=MappedBy("host_access"), identity=ID.VALUE, drift=_RIGHTS, known_by=()),
    ComposeKey("shm_size", K.BYTES, _host("ShmSize"), drift=_LIMITS, zero_is_absent=True),
    ComposeKey("stdin_open", K.FLAG, _config("OpenStdin")),
    ComposeKey("stop_grace_period", K.SECONDS, _config("StopTimeout"), parity=_low("it ends at another pace")),
    ComposeKey("stop_signal", K.TEXT, _config("StopSignal")),
    ComposeKey("storage_opt", K.TEXT_BY_NAME, _host("StorageOpt")),
    ComposeKey("sysctls", K.TEXT_BY_NAME, _host("Sysctls"), M.ASSIGNMENTS, ID.NAME, drift=_RIGHTS),
    ComposeKey(
        "tmpfs",
        K.TEMPORARY_FOLDERS,
        _host("Tmpfs"),
        M.ASSIGNMENTS,
        ID.NAME,
        parity=_high("they write to other places"),
        known_by=(),
    ),
    ComposeKey("tty", K.FLAG, _config("Tty")),
    ComposeKey("ulimits", K.LIMITS, _host("Ulimits"), drift=_LIMITS),
    ComposeKey("ulimits.*", K.LIMIT, merge=M.LIMIT),
    ComposeKey("ulimits.*.hard", K.LIMIT),
    ComposeKey("ulimits.*.soft", K.LIMIT),
    ComposeKey(
        "use_api_socket", mapping=Refused("it hands the engine and its registry credentials to the container")
    ),
    ComposeKey("user", K.TEXT, _config("User"), drift=_RIGHTS),
    ComposeKey("userns_mode", K.TEXT, _host("UsernsMode"), drift=_RIGHTS),
    ComposeKey("uts", K.TEXT, _host("UTSMode"), drift=_RIGHTS),
    ComposeKey(
        "volumes",
        mapping=MappedBy("mounts"),
        identity=ID.VOLUME_TARGET,
        parity=_high("they read and write other files"),
        known_by=("target",),
    ),
    ComposeKey("volumes.[].read_only", K.FLAG),
    ComposeKey("volumes.[].tmpfs.size", K.BYTES, zero_is_absent=True),
    ComposeKey("volumes.[].volume.labels", K.TEXT_BY_NAME),
    ComposeKey("volumes.[].volume.nocopy", K.FLAG),
    ComposeKey("volumes_from", mapping=MappedBy("mounts"), drift=_RIGHTS, known_by=()),
    ComposeKey("working_dir", K.TEXT, _config("WorkingDir")),
)
"""Keys of a service; paths begin below it."""

RESOURCE_KEYS = (
    ComposeKey("configs.*.external", K.FLAG),
    ComposeKey("configs.*.labels", K.TEXT_BY_NAME),
    ComposeKey("networks.*.attachable", K.FLAG),
    ComposeKey("networks.*.driver_opts", K.TEXT_BY_NAME),
    ComposeKey("networks.*.enable_ipv4", K.FLAG),
    ComposeKey("networks.*.enable_ipv6", K.FLAG),
    ComposeKey("networks.*.external", K.FLAG),
    ComposeKey("networks.*.internal", K.FLAG),
    ComposeKey("networks.*.ipam.config", merge=M.ADDRESS_POOLS),
    ComposeKey("networks.*.ipam.config.[].aux_addresses", K.TEXT_BY_NAME),
    ComposeKey("networks.*.ipam.options", identity=ID.NAME),
    ComposeKey("networks.*.labels", K.TEXT_BY_NAME, merge=M.ASSIGNMENTS, identity=ID.NAME),
    ComposeKey("secrets.*.external", K.FLAG),
    ComposeKey("secrets.*.labels", K.TEXT_BY_NAME),
    ComposeKey("volumes.*.driver_opts", K.TEXT_BY_NAME),
    ComposeKey("volumes.*.external", K.FLAG),
    ComposeKey("volumes.*.labels", K.TEXT_BY_NAME, merge=M.ASSIGNMENTS, identity=ID.NAME),
)
"""Keys of networks, volumes, configs and secrets, from the top of the file."""

SERVICE = "services.*"

ALL_KEYS = (
    *((f"{SERVICE}.{row.path}", row) for row in SERVICE_KEYS),
    *((row.path, row) for row in RESOURCE_KEYS),
)
"""Every row with its path from the top of the file."""

SERVICE_TABLE = {row.path: row for row in SERVICE_KEYS}
"""The rows of a service by their paths below it."""


def in_units(path: str, text: str) -> str:
    """``text``, what a service says at ``path``, for people: an amount of memory as ``96 MiB``."""
    row = SERVICE_TABLE.get(path)
    return exact_memory(int(text)) if row and row.kind is K.BYTES and text.isascii() and text.isdigit() else text
