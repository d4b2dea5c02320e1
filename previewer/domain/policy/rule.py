"""What a rule is: one row of the policy's table, and how rules look into a definition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.service import Service
from previewer.domain.json_value import JsonValue, as_list, value_at
from previewer.domain.policy.trust import Trust


class Allowance(Enum):
    """How what a rule refuses can be allowed."""

    PATTERN = "pattern"
    """Allowed by the rule's id, or by ``id:PATTERN`` where the pattern matches the request's subject."""
    EXACT = "exact"
    """Allowed only by ``id:SUBJECT`` with the exact subject, never by a pattern or a bare id."""
    LIMIT = "limit"
    """Allowed by raising a limit."""
    NEVER = "never"
    """Never allowed."""


class Effect(Enum):
    """What becomes of a request that nothing allows."""

    REFUSED = "refused"
    REWRITTEN = "rewritten"
    """The definition is used with the request taken out (see ``previewer.domain.isolation``)."""


class Request(Struct, frozen=True):
    """Something in a definition that a rule is about."""

    path: ModelPath
    """The value of the model."""
    message: str
    """What it does, as the end of a sentence about a service or the definition: ``mounts /etc``."""
    subjects: tuple[str, ...]
    """The names under which a grant may allow it; the first is suggested to the user."""


Find: TypeAlias = Callable[[Definition, Trust], Iterable[Request]]


class Rule(Struct, frozen=True):
    """One thing that a definition may not have unless its branch is trusted with it."""

    id: str
    forbids: str
    why: str
    instead: str
    """What to write in the definition to do without."""
    subject: str
    """What the part of a grant after the id stands for: ``a path``."""
    find: Find
    allowance: Allowance = Allowance.PATTERN
    effect: Effect = Effect.REFUSED
    limit: str = ""
    """The key of ``[limits.ROLE]`` that allows more, for :attr:`Allowance.LIMIT`."""


def limit_rule(*, id_: str, forbids: str, why: str, instead: str, limit: str, find: Find) -> Rule:
    """A rule about a quantity, which a limit of the role allows."""
    return Rule(id_, forbids, why, instead, subject="", find=find, allowance=Allowance.LIMIT, limit=limit)


ServiceFind = Callable[[Service], Iterable[Request]]


def service_path(service: Service, *keys: str) -> ModelPath:
    """The path of a value of ``service``."""
    return ("services", service.name, *keys)


def is_on(value: JsonValue) -> bool:
    """Whether a switch is on: anything but absent, false, zero, empty and the word ``false``."""
    return bool(value) and value != "false"


def in_services(find: ServiceFind) -> Find:
    """What ``find`` finds in each service."""

    def find_all(definition: Definition, trust: Trust) -> Iterator[Request]:
        del trust
        for service in definition.services.values():
            yield from find(service)

    return find_all


def switched_on(*keys: str, message: str) -> Find:
    """Services in which the switch under ``keys`` is on; the subject is the service."""

    def find(service: Service) -> Iterator[Request]:
        if is_on(value_at(service.spec, *keys)):
            yield Request(service_path(service, *keys), message, (service.name,))

    return in_services(find)


def other_than(key: str, accepted: Collection[str], message: str) -> Find:
    """Services with a text under ``key`` that is not accepted; ``{}`` in the message is the text."""

    def find(service: Service) -> Iterator[Request]:
        value = service.spec.get(key)
        if is_on(value) and str(value) not in accepted:
            yield Request(service_path(service, key), message.format(repr(value)), (str(value),))

    return in_services(find)


def each_of(*keys: str, message: str, naming: str = "") -> Find:
    """Every item of the list under ``keys``; the subject is the item, or its member ``naming``."""

    def find(service: Service) -> Iterator[Request]:
        for index, item in enumerate(as_list(value_at(service.spec, *keys))):
            subject = str((value_at(item, naming) if naming else None) or item)
            yield Request(service_path(service, *keys, str(index)), message.format(repr(subject)), (subject,))

    return in_services(find)
