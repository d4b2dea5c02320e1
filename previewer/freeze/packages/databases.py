"""Which files of an image say what is installed, and who reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from previewer.domain.packages import Package
from previewer.freeze.packages.alpine import read_apk_installed
from previewer.freeze.packages.debian import read_dpkg_status
from previewer.freeze.packages.npm import read_package_json
from previewer.freeze.packages.python import read_python_metadata
from previewer.freeze.packages.rpm import read_rpm_database
from previewer.frozen import dataclass

MEBIBYTE = 1 << 20
OS_RELEASE = re.compile(r"(?:etc|usr/lib)/os-release")
OS_RELEASE_BYTES = 64 * 1024

Read = Callable[[bytes, str], Iterable[Package]]
"""The packages in a file's content; the second argument is the distribution's id."""


@dataclass(frozen=True, slots=True)
class Database:
    """Files of one kind."""

    path: re.Pattern[str]
    """Of the whole path, without a slash at its beginning."""
    most_bytes: int
    """A larger file is not read, and that is noted."""
    read: Read | None
    """``None`` for one that is known and that nobody here can read."""
    is_of_distribution: bool = True
    """Whether reading it needs the distribution's id, which another file says."""


DATABASES = (
    Database(re.compile(r"var/lib/dpkg/status"), 64 * MEBIBYTE, read_dpkg_status),
    Database(re.compile(r"var/lib/dpkg/status\.d/[^/]+(?<!\.md5sums)"), MEBIBYTE, read_dpkg_status),
    Database(re.compile(r"(?:usr/)?lib/apk/db/installed"), 64 * MEBIBYTE, read_apk_installed),
    Database(re.compile(r"(?:var/lib|usr/lib/sysimage)/rpm/rpmdb\.sqlite"), 256 * MEBIBYTE, read_rpm_database),
    Database(re.compile(r"(?:var/lib|usr/lib/sysimage)/rpm/Packages(?:\.db)?"), 0, None),
    Database(
        re.compile(r"(?:.*/)?[^/]+(?:\.dist-info/METADATA|\.egg-info/PKG-INFO|\.egg-info)"),
        MEBIBYTE,
        lambda content, _: read_python_metadata(content),
        is_of_distribution=False,
    ),
    Database(
        re.compile(r"(?:.*/)?node_modules/(?:@[^/]+/)?[^/@.][^/]*/package\.json"),
        MEBIBYTE,
        lambda content, _: read_package_json(content),
        is_of_distribution=False,
    ),
)
"""The first whose path fits counts."""

_ENDINGS = ("os-release", "status", "installed", "rpmdb.sqlite", "Packages", "Packages.db")
_FAMILIES = ("METADATA", "PKG-INFO", ".egg-info", "package.json")


def database_of(path: str) -> Database | None:
    """The database that a file is, or is a part of. Fast for the many files that are none."""
    if not path.endswith(_ENDINGS + _FAMILIES) and "status.d/" not in path:
        return None
    return next((database for database in DATABASES if database.path.fullmatch(path)), None)
