"""How much a field matters that is not as it was frozen, and why. Parity weighs by the same table."""

from __future__ import annotations

from previewer.domain.drift.fields import ENVIRONMENT, LABELS, MOUNTS, NETWORKS, PORTS
from previewer.domain.drift.finding import Severity
from previewer.domain.labels import COMPOSE_PREFIX, PREFIX
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Weight:
    """What a difference in a field means."""

    kind: str
    """A stable word for it; the field's own name where it is empty."""
    severity: Severity
    why: str


_RIGHTS = Weight("", Severity.HIGH, "it may do more, or less, than was reviewed")
_LIMITS = Weight("", Severity.MEDIUM, "it behaves differently under load than what was tried")
_OTHER = Weight("", Severity.MEDIUM, "it may behave differently from what was frozen")

_EXACT = {
    "image": Weight("image", Severity.HIGH, "it runs other code than was frozen"),
    "command": Weight("command", Severity.HIGH, "it runs another program than was frozen"),
    "entrypoint": Weight("entrypoint", Severity.HIGH, "it runs another program than was frozen"),
    "healthcheck": Weight("healthcheck", Severity.MEDIUM, "its health is judged by another measure"),
    "restart": Weight(
        "restart", Severity.MEDIUM, "it comes back, or stays away, at other times than was declared"
    ),
    "auto_remove": Weight("auto_remove", Severity.HIGH, "the engine removes it as soon as it ends"),
    **dict.fromkeys(
        (
            "user",
            "privileged",
            "cap_add",
            "cap_drop",
            "security_opt",
            "unmasked_paths",
            "devices",
            "device_cgroup_rules",
            "gpus",
            "pid",
            "ipc",
            "uts",
            "userns_mode",
            "network_mode",
            "read_only",
            "group_add",
            "sysctls",
            "volumes_from",
            "publish_all_ports",
        ),
        _RIGHTS,
    ),
    **dict.fromkeys(
        (
            "mem_limit",
            "memswap_limit",
            "mem_reservation",
            "mem_swappiness",
            "cpus",
            "cpuset",
            "cpu_shares",
            "cpu_period",
            "cpu_quota",
            "cpu_rt_period",
            "cpu_rt_runtime",
            "pids_limit",
            "shm_size",
            "ulimits",
            "oom_score_adj",
            "oom_kill_disable",
        ),
        _LIMITS,
    ),
}
_BY_PREFIX = (
    (ENVIRONMENT, Weight("environment", Severity.HIGH, "a program is told something else than was frozen")),
    (
        LABELS + PREFIX,
        Weight("ownership-label", Severity.HIGH, "labels say whose it is: down and prune go by them"),
    ),
    (LABELS + COMPOSE_PREFIX, Weight("compose-label", Severity.MEDIUM, "other tools find it by these labels")),
    (LABELS, Weight("label", Severity.MEDIUM, "other programs may act on labels")),
    (MOUNTS, Weight("mount", Severity.HIGH, "it reads and writes other files than was declared")),
    (NETWORKS, Weight("network", Severity.HIGH, "it reaches, or is reached by, others than was declared")),
    (PORTS, Weight("port", Severity.HIGH, "it is reachable elsewhere than previewer says")),
)


def weigh_field(name: str) -> Weight:
    """What a difference in the field ``name`` means."""
    if name in _EXACT:
        return _EXACT[name]
    return next((weight for prefix, weight in _BY_PREFIX if name.startswith(prefix)), _OTHER)
