"""Package databases: which files of an image say what is installed, and how those that are text are read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from previewer.domain.json_value import as_object, as_text
from previewer.domain.release.packages import Package, PackageKind
from previewer.freeze.packages.rpm import read_rpm_database


def read_apk_installed(content: bytes, distribution: str) -> Iterator[Package]:
    """Every package. ``distribution`` is ``ID`` of os-release."""
    for paragraph in content.decode("utf-8", "replace").split("\n\n"):
        fields: dict[str, str] = {}
        for line in paragraph.split("\n"):
            letter, colon, value = line.partition(":")
            if colon and letter in ("P", "V", "A"):
                fields.setdefault(letter, value.strip())
        if fields.get("P") and fields.get("V"):
            yield Package(
                kind=PackageKind.APK,
                name=fields["P"],
                version=fields["V"],
                distribution=distribution or "alpine",
                architecture=fields.get("A", ""),
            )


def read_dpkg_status(content: bytes, distribution: str) -> Iterator[Package]:
    """The packages that are installed; those that were removed and left settings behind are not.

    ``distribution`` is ``ID`` of os-release. A paragraph without name or version is skipped.
    """
    for paragraph in content.decode("utf-8", "replace").split("\n\n"):
        fields = _fields(paragraph)
        status = fields.get("Status", "install ok installed")
        if status.endswith(" installed") and fields.get("Package") and fields.get("Version"):
            yield Package(
                kind=PackageKind.DEB,
                name=fields["Package"],
                version=fields["Version"],
                distribution=distribution or "debian",
                architecture=fields.get("Architecture", ""),
            )


def _fields(paragraph: str) -> dict[str, str]:
    """The fields of one paragraph (deb822(5)); lines that go on with a field are not needed."""
    lines = (line.partition(":") for line in paragraph.split("\n") if line[:1] not in ("", " ", "\t"))
    return {name: value.strip() for name, colon, value in lines if colon}


def read_package_json(content: bytes) -> Iterator[Package]:
    """The package; none without name or version. Raises :class:`ValueError` for what is no JSON."""
    try:
        value = as_object(json.loads(content))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    name, version = as_text(value.get("name")), as_text(value.get("version"))
    if name and version:
        yield Package(PackageKind.NPM, name, version)


_ID = re.compile(r"""^ID=(["']?)([a-z0-9._-]{1,64})\1\s*$""", re.MULTILINE)


def read_distribution(content: bytes) -> str:
    """``debian``, ``alpine``, …; empty where nothing says it."""
    found = _ID.search(content.decode("utf-8", "replace"))
    return found[2] if found else ""


_BETWEEN_WORDS = re.compile(r"[-_.]+")


def read_python_metadata(content: bytes) -> Iterator[Package]:
    """The package, by its normalised name (PEP 503); none without name or version."""
    fields: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        if not line.strip():
            break  # the description follows
        name, colon, value = line.partition(":")
        if colon and name in ("Name", "Version"):
            fields.setdefault(name, value.strip())
    if fields.get("Name") and fields.get("Version"):
        name = _BETWEEN_WORDS.sub("-", fields["Name"]).lower()
        yield Package(PackageKind.PYTHON, name, fields["Version"])


MEBIBYTE = 1 << 20
OS_RELEASE = re.compile(r"(?:etc|usr/lib)/os-release")
OS_RELEASE_BYTES = 64 * 1024

Read = Callable[[bytes, str], Iterable[Package]]
"""The packages in a file's content; the second argument is the distribution's id."""


class Database(Struct, frozen=True):
    """Files of one kind."""

    path: re.Pattern[str]
    """A pattern for the whole path, without a leading slash."""
    most_bytes: int
    """A larger file is not read, and that is noted."""
    read: Read | None
    """``None`` for one that is known and cannot be read here."""
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
