"""What a rule is: one row of the policy's table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeAlias

from previewer.domain.definition import Definition, ModelPath
from previewer.domain.policy.trust import Trust
from previewer.frozen import dataclass


class Allowance(Enum):
    """How what a rule refuses can be allowed."""

    PATTERN = "pattern"
    """By the rule's id, or by ``id:PATTERN`` where the pattern matches the request's subject."""
    EXACT = "exact"
    """By ``id:SUBJECT`` with the very subject; no pattern and no bare id opens it by accident."""
    LIMIT = "limit"
    """By raising a limit."""
    NEVER = "never"
    """Not at all."""


class Effect(Enum):
    """What becomes of a request that nothing allows."""

    REFUSED = "refused"
    REWRITTEN = "rewritten"
    """The definition is used with the request taken out (see ``previewer.domain.isolation``)."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something in a definition that a rule is about."""

    path: ModelPath
    """The value of the model."""
    message: str
    """What it does, as the end of a sentence about a service or the definition: ``mounts /etc``."""
    subjects: tuple[str, ...]
    """The names under which a grant may allow it; the first is suggested to the user."""


Find: TypeAlias = Callable[[Definition, Trust], Iterable[Request]]


@dataclass(frozen=True, slots=True)
class Rule:
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
