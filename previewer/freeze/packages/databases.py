"""Package databases: which files of an image say what is installed, and how those that are text are read."""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from msgspec import Struct, json

from previewer.domain.release.attestation import Package, PackageKind

# Packages of Fedora, Red Hat and SUSE: rpm's SQLite database (rpm 4.16 and newer), read in memory.
#
# Each row of its table ``Packages`` is a header as RPM packages have it: two big-endian counts (of
# index entries, of bytes of data), the index (tag, type, offset, count) and the data.

NAME, VERSION, RELEASE, EPOCH, ARCHITECTURE = 1000, 1001, 1002, 1003, 1022
"""Tags, rpmtag.h."""
STRING_TYPE = 6
INT32_TYPE = 4
MOST_ENTRIES = 65_536
"""Of one header's index, as rpm itself limits it."""
MOST_WORD_BYTES = 4096
"""Of a name or version: what is longer is cut, and then matches no package."""
MOST_STEPS = 2_000
"""Times a thousand instructions of SQLite: a table that is really a view could go on for ever."""
STEP = 1_000
MAGIC = b"SQLite format 3\0"
KEY_PACKAGE = "gpg-pubkey"
"""Keys that rpm trusts are kept like packages, and are none."""

_COUNTS = struct.Struct(">II")
_ENTRY = struct.Struct(">IIII")


def read_rpm_database(content: bytes, distribution: str) -> Iterator[Package]:
    """Every package. ``distribution`` is ``ID`` of os-release. Raises :class:`ValueError` for no such database."""
    if not content.startswith(MAGIC):
        raise ValueError("not rpm's database: no SQLite file")
    try:
        headers = _headers(content)
    except (sqlite3.Error, OverflowError) as error:
        raise ValueError(f"not rpm's database: {error}") from error
    for header in headers:
        package = _read_header(header, distribution)
        if package is not None and package.name != KEY_PACKAGE:
            yield package


def _headers(content: bytes) -> list[bytes]:
    # rpm writes it in WAL mode (bytes 18 and 19 of the file are 2), which a database in memory cannot be in.
    if content[18:20] == b"\x02\x02":
        content = content[:18] + b"\x01\x01" + content[20:]
    with closing(sqlite3.connect(":memory:")) as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(len(content), MOST_WORD_BYTES))
        database.deserialize(content)
        steps = iter(range(MOST_STEPS))
        database.set_progress_handler(lambda: 0 if next(steps, None) is not None else 1, STEP)
        database.execute("PRAGMA trusted_schema = OFF")
        rows = database.execute("SELECT blob FROM Packages WHERE typeof(blob) = 'blob'")
        headers, size = [], 0
        for row in rows:
            headers.append(bytes(row[0]))
            size += len(headers[-1])
            if size > len(content):  # rows of a view, made up while they are read
                raise ValueError("not rpm's database: it holds more than it has room for")
        return headers


def _read_header(header: bytes, distribution: str) -> Package | None:
    if len(header) < _COUNTS.size:
        return None
    count, _ = _COUNTS.unpack_from(header)
    start = _COUNTS.size + count * _ENTRY.size
    if count > MOST_ENTRIES or start > len(header):
        return None
    data = header[start:]
    found: dict[int, str] = {}
    for number in range(count):
        tag, kind, offset, _ = _ENTRY.unpack_from(header, _COUNTS.size + number * _ENTRY.size)
        if tag in (NAME, VERSION, RELEASE, ARCHITECTURE) and kind == STRING_TYPE:
            found[tag] = data[offset : offset + MOST_WORD_BYTES].split(b"\0", 1)[0].decode("utf-8", "replace")
        elif tag == EPOCH and kind == INT32_TYPE and offset + 4 <= len(data):
            found[tag] = str(struct.unpack_from(">I", data, offset)[0])
    if not found.get(NAME) or not found.get(VERSION):
        return None
    version = "-".join(filter(None, (found[VERSION], found.get(RELEASE))))
    return Package(
        kind=PackageKind.RPM,
        name=found[NAME],
        version=f"{found[EPOCH]}:{version}" if found.get(EPOCH, "0") != "0" else version,
        distribution=distribution or "rpm",
        architecture=found.get(ARCHITECTURE, ""),
    )


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


class _PackageJson(Struct, frozen=True):
    name: str = ""
    version: str = ""


def read_package_json(content: bytes) -> Iterator[Package]:
    """The package; none without name or version. Raises :class:`ValueError` for what is no JSON."""
    try:
        package = json.decode(content, type=_PackageJson)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if package.name and package.version:
        yield Package(PackageKind.NPM, package.name, package.version)


_ID = re.compile(r"""^ID=(["']?)([a-z0-9._-]{1,64})\1\s*$""", re.MULTILINE)


def read_distribution(content: bytes) -> str:
    """``debian``, ``alpine``, …; empty where nothing says it."""
    match = _ID.search(content.decode("utf-8", "replace"))
    return match[2] if match else ""


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
