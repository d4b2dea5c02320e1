"""Differences and equal facts in groups: by service, packages for themselves, with the groups that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from previewer.domain.drift.finding import Severity
from previewer.domain.json_value import JsonValue
from previewer.domain.parity.difference import ParityDifference, SameFact

Fact = TypeVar("Fact", ParityDifference, SameFact)

_PACKAGES = "packages."
_NOISE = ("deploy.resources.", "deploy.")


class FactGroup(Struct, Generic[Fact], frozen=True):
    """The facts of one service."""

    service: str
    """Empty for what concerns no single one."""
    facts: tuple[Fact, ...]
    """All but packages, in the order that they were given in."""
    packages: tuple[Fact, ...] = ()
    like: str = ""
    """The first of the groups before it with the very same facts; empty where there is none."""

    @property
    def count(self) -> int:
        """Of facts, packages too."""
        return len(self.facts) + len(self.packages)


def group_facts(facts: Sequence[Fact]) -> tuple[FactGroup[Fact], ...]:
    """A group a service, in the order of their first facts; what concerns none in particular is a group too."""
    by_service: dict[str, list[Fact]] = {}
    for fact in facts:
        by_service.setdefault(fact.service, []).append(fact)
    first_like: dict[tuple[object, ...], str] = {}
    groups = []
    for service, mine in by_service.items():
        first = first_like.setdefault(tuple(map(_content, mine)), service)
        packages = tuple(fact for fact in mine if is_package(fact))
        others = tuple(fact for fact in mine if not is_package(fact))
        groups.append(FactGroup(service, others, packages, first if first != service else ""))
    return tuple(groups)


def fact_name(path: str, service: str) -> str:
    """A path without its service, and without what every limit's path begins with: ``limits.memory``."""
    if service:
        path = path.removeprefix(f"services.{service}").removeprefix(".") or "the service"
    for noise in _NOISE:
        path = path.removeprefix(noise)
    return path


def is_package(fact: ParityDifference | SameFact) -> bool:
    """Whether it is the version of a package in a service's image."""
    return bool(fact.service) and fact.path.startswith(f"services.{fact.service}.{_PACKAGES}")


def ratio_of(difference: ParityDifference) -> float | None:
    """How many times the left side's amount the right one's is; ``None`` for what is no amount.

    Amounts (limits, replicas, tries) are of medium severity: a number in a variable or a label may mean anything.
    """
    if difference.severity is not Severity.MEDIUM or is_package(difference):
        return None
    left, right = _number(difference.left), _number(difference.right)
    return right / left if left and right and left > 0 and right > 0 else None


def _number(value: JsonValue) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except ValueError:
        return None


def _content(fact: ParityDifference | SameFact) -> tuple[str, ...]:
    name = fact_name(fact.path, fact.service)
    if isinstance(fact, SameFact):
        return name, repr(fact.value)
    return name, repr(fact.left), repr(fact.right), fact.reason
