"""The two sides of a comparison, a difference between them, whether it is declared, and how much it matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

from msgspec import Struct, field

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.key import Weight
from previewer.domain.compose.keys import SERVICE_TABLE
from previewer.domain.drift.fields import weigh_field
from previewer.domain.drift.finding import Severity
from previewer.domain.glob import glob_matches
from previewer.domain.json_value import JsonValue
from previewer.domain.policy.trust import Trust
from previewer.domain.release.release import Artifact

Packages = Mapping[str, str]
"""Versions by package, as ``deb/openssl``."""


class ParitySide(Struct, frozen=True):
    """A running environment, a release's definition, or a definition that nothing was frozen of yet."""

    name: str
    """As the user called it, or what it is called: ``shop-staging``, ``main:production``."""
    definition: Definition
    commit: str
    """The commit's full id."""
    committed_at: datetime
    """When it was committed, with a time zone."""
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    """Images by service; none for a mere definition."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Digests of the commit's files that its services read while they run, by path."""
    packages: Mapping[str, Packages] = field(default_factory=dict)
    """What is in the images, by service; a service whose packages were not listed is left out."""
    services: frozenset[str] | None = None
    """The services that really run; ``None`` for what does not run."""
    trust: Trust | None = None
    """What decides about defaults and limits that previewer applies; ``None`` for its own."""
    release: str = ""
    """Its id; empty for a mere definition."""
    data: tuple[str, ...] = ()
    """What its volumes began with, one line each; none for what does not run."""

    @property
    def role(self) -> Role:
        """What it is for."""
        return self.definition.role


class Side(Enum):
    """Which of the two."""

    LEFT = "left"
    RIGHT = "right"


class ParityDifference(Struct, frozen=True):
    """A fact that differs. Its values are as they are written: only :mod:`shown` makes them fit to be seen."""

    path: str
    """The path in the model: ``services.web.environment.LOG_LEVEL``."""
    service: str
    """The service it is about; empty for what concerns no single one."""
    severity: Severity
    why: str
    left: JsonValue
    """``None`` where only the right side says something."""
    right: JsonValue
    reason: str = ""
    """Why it is meant to be, as the allow-list says; empty for an undeclared one."""

    @property
    def is_declared(self) -> bool:
        """Whether an allow-list has it."""
        return bool(self.reason)


class SameFact(Struct, frozen=True):
    """A fact that both sides have alike."""

    path: str
    service: str
    """As that of a difference."""
    value: JsonValue
    """As it is written: only :func:`previewer.domain.parity.compare.show` makes it fit to be seen."""


def by_weight(difference: ParityDifference) -> tuple[bool, int, str]:
    """To sort by: undeclared ones first, then the worst, then by path."""
    return (difference.is_declared, -difference.severity.rank, difference.path)


class Allowance(Struct, frozen=True):
    """One entry of an allow-list."""

    path: str
    """A glob over paths of facts."""
    reason: str
    origin: str
    """The definition that has it: ``production``."""
    against: str = ""
    """The role that it is about; empty for any."""

    def covers(self, path: str) -> bool:
        """Whether a difference at ``path``, or at something that it is a part of, is meant to be."""
        return glob_matches(self.path, path) or glob_matches(f"{self.path}.**", path)


def read_allowances(definition: Definition) -> tuple[Allowance, ...]:
    """The allow-list of a definition, in its order."""
    entries = definition.extension.parity.allow
    return tuple(Allowance(entry.path, entry.reason, definition.name, entry.against) for entry in entries)


def allowances_between(left: ParitySide, right: ParitySide) -> tuple[Allowance, ...]:
    """The entries that count between two sides.

    Anybody may write a preview's definition, so beside staging or production its list does not count.
    """
    guarded = [side for side in (left, right) if side.role is not Role.PREVIEW]
    found: list[Allowance] = []
    for side, other in ((left, right), (right, left)):
        if not guarded or side in guarded:
            found.extend(a for a in read_allowances(side.definition) if a.against in ("", other.role.value))
    return tuple(dict.fromkeys(found))


def find_allowance(allowances: Sequence[Allowance], path: str) -> Allowance | None:
    """The first entry that covers ``path``."""
    return next((allowance for allowance in allowances if allowance.covers(path)), None)


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
