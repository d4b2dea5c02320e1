"""One fact that is not the same on both sides."""

from __future__ import annotations

from enum import Enum

from previewer.domain.drift.finding import Severity
from previewer.domain.json_value import JsonValue
from previewer.frozen import dataclass


class Side(Enum):
    """Which of the two."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class ParityDifference:
    """A fact that differs. Its values are as they are written: only :mod:`shown` makes them fit to be seen."""

    path: str
    """Of the model: ``services.web.environment.LOG_LEVEL``."""
    service: str
    """The service it is about; empty for what concerns no single one."""
    severity: Severity
    why: str
    """Why it matters."""
    left: JsonValue
    """``None`` where only the right side says something."""
    right: JsonValue
    reason: str = ""
    """Why it is meant to be, as the allow-list says; empty for an undeclared one."""

    @property
    def is_declared(self) -> bool:
        """Whether an allow-list has it."""
        return bool(self.reason)


def by_weight(difference: ParityDifference) -> tuple[bool, int, str]:
    """To sort by: undeclared ones first, then the worst, then by path."""
    return (difference.is_declared, -difference.severity.rank, difference.path)
