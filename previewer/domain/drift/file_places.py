"""Where programs are known to write, and what it means that a path is not as in the image."""

from __future__ import annotations

import re

from previewer.domain.drift.finding import Severity
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Paths that belong together."""

    pattern: re.Pattern[str]
    kind: str
    severity: Severity
    why: str
    is_rewritten: bool = True
    """Whether programs change what an image has there."""


def _place(pattern: str, kind: str, severity: Severity, why: str, *, is_rewritten: bool = True) -> Place:
    return Place(re.compile(pattern), kind, severity, why, is_rewritten)


NOISE = "noise"
"""Where programs write by nature."""


PLACES = (
    _place(
        r"^/(var/lib/dpkg|var/lib/apt|lib/apk|var/lib/rpm|usr/lib/sysimage/rpm|var/cache/apk)(/|$)"
        r"|/site-packages/[^/]+\.(dist|egg)-info(/|$)|/node_modules/\.package-lock\.json$",
        "package-installed",
        Severity.HIGH,
        "somebody installed or removed a package: nobody can make this container again",
    ),
    _place(
        r"(/__pycache__|\.py[co])(/|$)",
        NOISE,
        Severity.LOW,
        "Python keeps what it compiled: set PYTHONDONTWRITEBYTECODE=1",
        is_rewritten=False,
    ),
    _place(r"(\.pid|\.lock|\.sock)$", NOISE, Severity.LOW, "a program's mark that it runs"),
    _place(r"^/(run|var/run|tmp|var/tmp|dev/shm)(/|$)", NOISE, Severity.LOW, "a place for what is passing"),
    _place(r"(^/var/log(/|$)|\.log(\.\d+)?$)", NOISE, Severity.LOW, "a log: write to standard output instead"),
    _place(r"^/(var/cache|root/\.cache|home/[^/]+/\.cache)(/|$)", NOISE, Severity.LOW, "a cache"),
    _place(
        r"(^|/)\.(ash|bash|python|psql|node_repl)_history$",
        "history-file",
        Severity.HIGH,
        "a person typed commands in it",
    ),
    _place(
        r"^/(bin|sbin|lib|lib64|usr|etc|boot|opt)(/|$)",
        "file",
        Severity.HIGH,
        "programs and their settings live here",
    ),
    _place(r"", "file", Severity.MEDIUM, "it is lost when the environment is replaced, and no other has it"),
)
"""The first that fits counts."""

ENGINES_OWN = (
    "/.dockerenv",
    "/dev",
    "/proc",
    "/sys",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/mtab",
    "/sbin/docker-init",
)
"""What the engine itself puts into a container."""


def place_of(path: str) -> Place:
    """What a path is known for."""
    return next(place for place in PLACES if place.pattern.search(path))
