"""One thing that is not as it was frozen: what, where, how bad, why it matters and what helps."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct


class Severity(Enum):
    """How much a finding matters. Declared from least to most."""

    LOW = "low"
    """Expected of many programs, or only looked at: nothing was changed that counts."""
    MEDIUM = "medium"
    """It behaves, or may behave, differently from what was frozen."""
    HIGH = "high"
    """It is not what was frozen, or it was entered by hand."""

    @property
    def rank(self) -> int:
        """Its place: higher is worse."""
        return list(Severity).index(self)


class Layer(Enum):
    """Where a finding was seen."""

    SPECIFICATION = "specification"
    """The engine's inspection against the frozen definition."""
    FILES = "files"
    """The container's file system against its image."""
    TOUCH = "touch"
    """An event that the engine reported: something was done by hand."""


REPLACE = "previewer replace {environment}"


class Finding(Struct, frozen=True):
    """One difference, or one thing that was done by hand."""

    kind: str
    """A stable word for programs: ``mem_limit``, ``command-run``, ``file-modified``."""
    layer: Layer
    severity: Severity
    environment: str
    service: str
    """Empty for what concerns no single service."""
    where: str
    """The engine's object and what of it: ``shop-main-g1-web-1 mem_limit``, ``shop-main-g1-web-1:/etc/group``."""
    what: str
    """One sentence without a full stop."""
    why: str
    frozen: str = ""
    """What it was to be. Never a secret's value: variables are keyed hashes."""
    live: str = ""
    """The current value."""
    remedy: str = REPLACE
    """A command, mostly; ``{environment}`` stands for the environment's name."""
    at: datetime | None = None
    """When it happened, where the engine told."""
    taints: bool = True
    """Whether it proves interference: the environment must no longer be trusted."""
    is_expected: bool = False
    """Whether programs write so by nature in every run: it is told, and is no drift."""

    @property
    def statement(self) -> str:
        """What differs: ``web: mem_limit is not as frozen``, ``web /etc/group: the path was added``."""
        _object, _, path = self.where.partition(":/")
        subject = " ".join((self.service, f"/{path}" if path else "")).strip() if self.service else self.where
        return f"{subject}: {self.what}"

    @property
    def help(self) -> str:
        """The remedy for this very environment."""
        return self.remedy.replace("{environment}", self.environment)


def by_weight(finding: Finding) -> tuple[int, str, str, str, str]:
    """To sort findings by: the worst first, then by place. Stable from one look to the next."""
    timestamp = finding.at.isoformat() if finding.at else ""
    return (-finding.severity.rank, finding.service, timestamp, finding.where, finding.kind)
