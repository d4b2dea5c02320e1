"""Differences that a definition says are meant to be: ``x-previewer.parity.allow``."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.domain.definition import Definition, Role
from previewer.domain.glob import glob_matches
from previewer.domain.json_value import as_list, as_object, as_text
from previewer.domain.parity.side import ParitySide
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
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
    entries = as_list(as_object(definition.extension.get("parity")).get("allow"))
    return tuple(
        Allowance(
            as_text(entry.get("path")),
            as_text(entry.get("reason")),
            definition.name,
            as_text(entry.get("against")),
        )
        for entry in map(as_object, entries)
    )


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
