"""What was looked at before anything runs, and how it is."""

from __future__ import annotations

from enum import Enum

from previewer.frozen import dataclass


class Verdict(Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """It works, but not as well as it could."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    detail: str
    hint: str = ""
