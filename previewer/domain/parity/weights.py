"""How much a difference between two environments matters, and what it costs of the score."""

from __future__ import annotations

from previewer.domain.compose.key import Weight
from previewer.domain.compose.keys import SERVICE_TABLE
from previewer.domain.drift.finding import Severity
from previewer.domain.drift.weights import weigh_field

COST = {Severity.HIGH: 10, Severity.MEDIUM: 3, Severity.LOW: 1}
"""What one undeclared difference costs, in the unit that all facts together make up 100 %."""

_NOT_IN_COMPOSE = {
    "commit": Weight(Severity.LOW, "one of them is older"),
    "files": Weight(Severity.HIGH, "programs read other files of the commit"),
    "packages": Weight(Severity.MEDIUM, "the image holds another version"),
    "replicas": Weight(Severity.MEDIUM, "they behave differently under load, and with several at once"),
    "x-previewer": Weight(Severity.MEDIUM, "previewer looks after them in another way"),
}
"""Facts that no Compose key states."""
_SERVICE = "one of them has a service that the other lacks"


def weigh_fact(path: str, service: str) -> tuple[Severity, str]:
    """How much a difference at ``path`` matters, and why; ``service`` is the one that it is about, if any."""
    rest = path.removeprefix(f"services.{service}") if service else f".{path}"
    if not rest:
        return Severity.HIGH, _SERVICE
    name = rest.split(".")[1]
    row = SERVICE_TABLE.get(name)
    weight = row.parity if row is not None and row.parity is not None else _NOT_IN_COMPOSE.get(name)
    if weight is not None:
        return weight.severity, weight.why
    found = weigh_field(name)
    return found.severity, found.why.replace(" than was frozen", "").replace(" from what was frozen", "")
