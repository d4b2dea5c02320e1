"""How much a field that is not as it was frozen matters, and why: the table of Compose keys, else its name."""

from __future__ import annotations

from previewer.domain.compose.key import Weight
from previewer.domain.compose.keys import SERVICE_TABLE
from previewer.domain.drift.fields import ENVIRONMENT, LABELS, MOUNTS, NETWORKS, PORTS
from previewer.domain.drift.finding import Severity
from previewer.domain.labels import COMPOSE_PREFIX, PREFIX

_RIGHTS = Weight(Severity.HIGH, "it may do more, or less, than was reviewed")
_OTHER = Weight(Severity.MEDIUM, "it may behave differently from what was frozen")

_NOT_IN_COMPOSE = {
    "auto_remove": Weight(Severity.HIGH, "the engine removes it as soon as it ends"),
    "publish_all_ports": _RIGHTS,
    "unmasked_paths": _RIGHTS,
}
"""Fields that only the engine has."""
_BY_PREFIX = (
    (ENVIRONMENT, Weight(Severity.HIGH, "a program is told something else than was frozen", "environment")),
    (
        LABELS + PREFIX,
        Weight(Severity.HIGH, "labels say whose it is: down and prune go by them", "ownership-label"),
    ),
    (LABELS + COMPOSE_PREFIX, Weight(Severity.MEDIUM, "other tools find it by these labels", "compose-label")),
    (LABELS, Weight(Severity.MEDIUM, "other programs may act on labels", "label")),
    (MOUNTS, Weight(Severity.HIGH, "it reads and writes other files than was declared", "mount")),
    (NETWORKS, Weight(Severity.HIGH, "it reaches, or is reached by, others than was declared", "network")),
    (PORTS, Weight(Severity.HIGH, "it is reachable elsewhere than previewer says", "port")),
)


def weigh_field(name: str) -> Weight:
    """What a difference in the field ``name`` means."""
    row = SERVICE_TABLE.get(name)
    if row is not None and row.drift is not None:
        return row.drift
    if name in _NOT_IN_COMPOSE:
        return _NOT_IN_COMPOSE[name]
    return next((weight for prefix, weight in _BY_PREFIX if name.startswith(prefix)), _OTHER)
