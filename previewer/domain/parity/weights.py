"""How much a difference between two environments matters, and what it costs of the score."""

from __future__ import annotations

from previewer.domain.drift.finding import Severity
from previewer.domain.drift.weights import weigh_field

COST = {Severity.HIGH: 10, Severity.MEDIUM: 3, Severity.LOW: 1}
"""What one undeclared difference costs, in the unit that all facts together make up 100 %."""

_HIGH = {
    "image": "they run other code",
    "build": "other code would be built",
    "command": "they run another program",
    "entrypoint": "they run another program",
    "environment": "a program is told something else",
    "env_file": "a program is told something else",
    "volumes": "they read and write other files",
    "tmpfs": "they write to other places",
    "configs": "programs are set up differently",
    "secrets": "programs are given other secrets",
    "ports": "they are reachable elsewhere, or not at all",
    "networks": "they reach, or are reached by, others",
    "files": "programs read other files of the commit",
}
_MEDIUM = {
    "packages": "the image holds another version",
    "deploy": "they behave differently under load",
    "replicas": "they behave differently under load, and with several at once",
    "depends_on": "they start in another order",
    "healthcheck": "health is judged by another measure",
}
_LOW = {
    "labels": "other programs may act on labels",
    "commit": "one of them is older",
    "stop_grace_period": "it ends at another pace",
    "logging": "logs go elsewhere",
}
_SERVICE = "one of them has a service that the other lacks"


def weigh_fact(path: str, service: str) -> tuple[Severity, str]:
    """How much a difference at ``path`` matters, and why; ``service`` is the one that it is about, if any."""
    rest = path.removeprefix(f"services.{service}") if service else f".{path}"
    if not rest:
        return Severity.HIGH, _SERVICE
    name = rest.split(".")[1]
    for severity, table in ((Severity.HIGH, _HIGH), (Severity.MEDIUM, _MEDIUM), (Severity.LOW, _LOW)):
        if name in table:
            return severity, table[name]
    found = weigh_field(name)
    return found.severity, found.why.replace(" than was frozen", "").replace(" from what was frozen", "")
