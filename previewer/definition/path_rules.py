"""Rules for places of the model, written as ``services.*.ports.[].target`` and found one key at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

Rule = TypeVar("Rule")

ANY_KEY = "*"
"""Stands for any key of a mapping."""
ANY_ITEM = "[]"
"""Stands for any item of a list."""


class PathRules(Generic[Rule]):
    """A tree of rules. ``child`` walks down it beside the model; ``rule`` is the one for the place reached."""

    __slots__ = ("_children", "rule")

    def __init__(self, rules: Mapping[str, Rule] | None = None) -> None:
        """``rules`` maps patterns to rules; a pattern's keys are separated by dots."""
        self.rule: Rule | None = None
        self._children: dict[str, PathRules[Rule]] = {}
        for pattern, rule in (rules or {}).items():
            place = self
            for key in pattern.split("."):
                place = place._children.setdefault(key, PathRules())
            place.rule = rule

    def child(self, key: str) -> PathRules[Rule]:
        """The rules below ``key``; empty ones where there are none."""
        rules = self._children.get(key) or self._children.get(ANY_KEY)
        return rules if rules is not None else PathRules()

    def items(self) -> PathRules[Rule]:
        """The rules for each item of the list at this place."""
        rules = self._children.get(ANY_ITEM)
        return rules if rules is not None else PathRules()

    def __bool__(self) -> bool:
        """Whether there is any rule here or below."""
        return self.rule is not None or bool(self._children)
