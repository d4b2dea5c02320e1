"""Packages of Fedora, Red Hat and SUSE: rpm's SQLite database (rpm 4.16 and newer), read in memory.

Each row of its table ``Packages`` is a header as RPM packages have it: two big-endian counts (of index entries, of
bytes of data), the index (tag, type, offset, count) and the data.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing

from previewer.domain.release.packages import Package, PackageKind

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
