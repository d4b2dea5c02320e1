"""Where programs are known to write, and what it means that a path is not as in the image."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from previewer.domain.drift.finding import Severity
from previewer.domain.engine.examination import ChangeKind, FileChange


class Place(Struct, frozen=True):
    """Paths that belong together."""

    pattern: re.Pattern[str]
    kind: str
    severity: Severity
    why: str
    natural: frozenset[ChangeKind] = frozenset()
    """What programs do there by nature."""


def _place(
    pattern: str, kind: str, severity: Severity, why: str, *, natural: frozenset[ChangeKind] = frozenset()
) -> Place:
    return Place(re.compile(pattern), kind, severity, why, natural)


NOISE = "noise"
"""Where programs write by nature."""
ADDING = frozenset({ChangeKind.ADDED})
WRITING = ADDING | {ChangeKind.MODIFIED}
KEEPING = WRITING | {ChangeKind.DELETED}


_DATA = "data of a program: they are lost when the environment is replaced, unless a volume has them"

PLACES = (
    _place(
        r"^/(var/lib/dpkg|var/lib/apt|lib/apk|var/lib/rpm|usr/lib/sysimage/rpm|var/cache/apk)(/|$)"
        r"|/site-packages/[^/]+\.(dist|egg)-info(/|$)|/node_modules/\.package-lock\.json$",
        "package-installed",
        Severity.HIGH,
        "a package was installed or removed: this container cannot be made again",
    ),
    _place(
        r"(/__pycache__|\.py[co])(/|$)",
        NOISE,
        Severity.LOW,
        "Python keeps what it compiled: set PYTHONDONTWRITEBYTECODE=1",
        natural=ADDING,
    ),
    _place(r"(\.pid|\.lock|\.sock)$", NOISE, Severity.LOW, "a program's mark that it runs", natural=WRITING),
    _place(
        r"^/(run|var/run|tmp|var/tmp|dev/shm)(/|$)",
        NOISE,
        Severity.LOW,
        "a place for what is passing",
        natural=WRITING,
    ),
    _place(
        r"(^/var/log(/|$)|\.log(\.\d+)?$)",
        NOISE,
        Severity.LOW,
        "a log: write to standard output instead",
        natural=WRITING,
    ),
    _place(r"^/(var/cache|root/\.cache|home/[^/]+/\.cache)(/|$)", NOISE, Severity.LOW, "a cache", natural=WRITING),
    _place(r"^/var/(lib|spool|mail|local)(/|$)", NOISE, Severity.LOW, _DATA, natural=KEEPING),
    _place(
        r"^/(?!(bin|sbin|lib|lib64|usr|etc|boot|opt)/).*\.(db|sqlite3?|rdb|aof)(-(wal|shm|journal))?$",
        NOISE,
        Severity.LOW,
        _DATA,
        natural=WRITING,
    ),
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


ALIASES = {
    "/bin": "/usr/bin",
    "/sbin": "/usr/sbin",
    "/lib": "/usr/lib",
    "/lib64": "/usr/lib64",
    "/var/run": "/run",
    "/var/lock": "/run/lock",
}
"""Folders that most distributions have links in the place of: what is mounted there is listed as being here."""


def spellings(path: str) -> tuple[str, ...]:
    """A path, and the one that an engine lists where its folder is a link."""
    others = (new + path.removeprefix(old) for old, new in ALIASES.items() if path.startswith(f"{old}/"))
    return (path, *others)


def place_of(path: str) -> Place:
    """What a path is known for."""
    return next(place for place in PLACES if place.pattern.search(path))


VARIES = ""
"""In the place of a digest, where runs write different contents, or more than is compared."""
DELETED = "deleted"
"""In the place of a digest, where a start script removes what the image has."""


class StartWrites(msgspec.Struct, frozen=True):
    """Learnt of one definition of a release, from generations that were untouched when they became healthy."""

    services: dict[str, dict[str, str]] = {}
    """Digests by path, for each service; :data:`VARIES` where a path differed in another run."""

    def joined(self, written: Mapping[str, Mapping[str, str]]) -> StartWrites:
        """What is known after one more run (or one more container of a service)."""
        found = {service: dict(paths) for service, paths in self.services.items()}
        for service, paths in written.items():
            known = found.setdefault(service, {})
            for path, digest in paths.items():
                known[path] = digest if known.get(path, digest) == digest else VARIES
        return StartWrites(found)

    def explains(self, service: str, change: FileChange, digest: str) -> bool:
        """Whether it is what a fresh generation has there, or data that it began there and goes on writing."""
        known = self.services.get(service, {}).get(change.path)
        if known is None or (known == DELETED) != (change.kind is ChangeKind.DELETED):
            return False
        return known in (VARIES, digest) or (change.kind is ChangeKind.ADDED and may_go_on(change.path))


def may_go_on(path: str) -> bool:
    """Whether what was begun at a path may change as long as the program runs: it is no program and no setting."""
    return place_of(path).severity is not Severity.HIGH


NOTHING_LEARNT = StartWrites()
