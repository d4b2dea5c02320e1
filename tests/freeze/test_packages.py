"""Packages are found in an image's files, whatever those hold; bills of them are valid and always the same."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import tarfile
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.release.attestation import ImagePackages, Package, PackageKind, image_packages, read_bill
from previewer.errors import CancelledError, FreezeError
from previewer.freeze.packages import scan
from previewer.freeze.packages.databases import DATABASES, database_of
from previewer.freeze.packages.scan import scan_image
from previewer.freeze.provenance import package_url, write_bill

IMAGE = f"sha256:{'a' * 64}"
DPKG = b"""Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10
Description: GNU C Library
 Version: 9 is no field of this line

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: nameless-version
Status: install ok installed
"""
APK = b"C:Q1x=\nP:musl\nV:1.2.5-r9\nA:x86_64\nF:lib\nR:libc.so\n\nP:busybox\nV:1.37.0-r12\nA:x86_64\n"
DEBIAN = b'PRETTY_NAME="Debian"\nID=debian\n'


def tar(files: Mapping[str, bytes]) -> bytes:
    """An archive as an engine exports one: the folders' entries too."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as made:
        for path, content in files.items():
            folder = tarfile.TarInfo(path.rpartition("/")[0] or "etc")
            folder.type = tarfile.DIRTYPE
            made.addfile(folder)
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def chunks(content: bytes, size: int = 1000) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def found(files: Mapping[str, bytes]) -> ImagePackages:
    return scan_image(chunks(tar(files)), check=lambda: None)


def names(result: ImagePackages) -> list[str]:
    return [package_url(package).to_string() for package in result.packages]


def rpm_header(entries: Mapping[int, str | int]) -> bytes:
    """A header as rpm keeps it."""
    index, data = b"", b""
    for tag, value in entries.items():
        kind = 6 if isinstance(value, str) else 4
        index += struct.pack(">IIII", tag, kind, len(data), 1)
        data += value.encode() + b"\0" if isinstance(value, str) else struct.pack(">I", value)
    return struct.pack(">II", len(entries), len(data)) + index + data


def rpm_database(folder: Path, headers: list[bytes]) -> bytes:
    """A database as rpm 4.16 and newer keep it, write-ahead log included."""
    path = folder / "rpmdb.sqlite"
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers])
    database.commit()
    database.close()
    return path.read_bytes()


def test_debian_packages_are_those_that_are_installed() -> None:
    assert names(found({"var/lib/dpkg/status": DPKG, "usr/lib/os-release": DEBIAN})) == [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64"
    ]


def test_images_without_dpkg_say_what_they_hold_file_by_file() -> None:
    files = {
        "var/lib/dpkg/status.d/tzdata": b"Package: tzdata\nVersion: 2025a\n",
        "var/lib/dpkg/status.d/tzdata.md5sums": b"Package: no\nVersion: 1\n",
    }
    assert names(found(files)) == ["pkg:deb/debian/tzdata@2025a"]


@pytest.mark.parametrize("folder", ["lib/apk/db", "usr/lib/apk/db"])
def test_alpine_packages(folder: str) -> None:
    assert names(found({f"{folder}/installed": APK, "etc/os-release": b"ID=wolfi\n"})) == [
        "pkg:apk/wolfi/busybox@1.37.0-r12?arch=x86_64",
        "pkg:apk/wolfi/musl@1.2.5-r9?arch=x86_64",
    ]


def test_rpm_packages_with_epoch_and_without_the_keys_that_rpm_trusts(tmp_path: Path) -> None:
    headers = [
        rpm_header({1000: "bash", 1001: "5.2.26", 1002: "3.fc40", 1022: "x86_64"}),
        rpm_header({1000: "openssl-libs", 1001: "3.2.1", 1002: "2.fc40", 1003: 1, 1022: "x86_64"}),
        rpm_header({1000: "gpg-pubkey", 1001: "a15b79cc", 1002: "63d04c2c"}),
        rpm_header({1000: "no-version"}),
        b"\xff\xff\xff\xff\0\0\0\0cut off",
        b"",
    ]
    content = rpm_database(tmp_path, headers)
    assert content[18:20] == b"\x02\x02"
    files = {"etc/os-release": b'ID="fedora"\n', "usr/lib/sysimage/rpm/rpmdb.sqlite": content}
    assert names(found(files)) == [
        "pkg:rpm/fedora/bash@5.2.26-3.fc40?arch=x86_64",
        "pkg:rpm/fedora/openssl-libs@1:3.2.1-2.fc40?arch=x86_64",
    ]


@pytest.mark.parametrize("row", ["zeroblob(900000000)", "zeroblob(4000)"])
def test_rows_that_are_made_up_while_they_are_read_take_no_memory(row: str) -> None:
    database = sqlite3.connect(":memory:")
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 90000)"
    database.execute(f"CREATE VIEW Packages AS {many} SELECT {row} AS blob FROM n")
    tracemalloc.start()
    result = found({"var/lib/rpm/rpmdb.sqlite": database.serialize()})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.packages == ()
    assert "cannot be read" in result.notes[0]
    assert most < 32 << 20


def test_a_name_that_is_read_again_and_again_takes_no_time(tmp_path: Path) -> None:
    count, data = 60_000, b"a" * (8 << 20)
    header = struct.pack(">II", count, len(data)) + struct.pack(">IIII", 1000, 6, 0, 1) * count + data
    begun = time.process_time()
    assert names(found({"var/lib/rpm/rpmdb.sqlite": rpm_database(tmp_path, [header])})) == []
    assert time.process_time() - begun < 10


def test_a_table_that_never_ends_does() -> None:
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIEW Packages AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i AS hnum, x'00' AS blob FROM n WHERE i < 0"
    )
    result = found({"var/lib/rpm/rpmdb.sqlite": database.serialize()})
    assert result.packages == ()
    assert "interrupted" in result.notes[0]


def test_python_packages_anywhere_by_their_normalised_names() -> None:
    files = {
        "usr/lib/python3/dist-packages/Flask_SQLAlchemy-3.1.dist-info/METADATA": (
            b"Metadata-Version: 2.1\nName: Flask_SQLAlchemy\nVersion: 3.1\n\nName: of the description\n"
        ),
        "srv/venv/lib/python3.12/site-packages/old.egg-info/PKG-INFO": b"Name: old\r\nVersion: 0.1\r\n",
        "srv/venv/lib/python3.12/site-packages/older.egg-info": b"Name: older\nVersion: 0.2\n",
        "srv/venv/lib/python3.12/site-packages/broken.dist-info/METADATA": b"\xff\xfe\0",
    }
    assert names(found(files)) == ["pkg:pypi/flask-sqlalchemy@3.1", "pkg:pypi/old@0.1", "pkg:pypi/older@0.2"]


def test_npm_packages_are_those_in_node_modules() -> None:
    files = {
        "srv/node_modules/left-pad/package.json": b'{"name": "left-pad", "version": "1.3.0"}',
        "srv/node_modules/a/node_modules/left-pad/package.json": b'{"name": "left-pad", "version": "1.1.0"}',
        "srv/node_modules/@types/node/package.json": b'{"name": "@types/node", "version": "22.0.0"}',
        "srv/node_modules/left-pad/test/package.json": b'{"name": "fixture", "version": "1.0.0"}',
        "srv/package.json": b'{"name": "the-application", "version": "1.0.0"}',
    }
    assert names(found(files)) == [
        "pkg:npm/%40types/node@22.0.0",
        "pkg:npm/left-pad@1.1.0",
        "pkg:npm/left-pad@1.3.0",
    ]


def test_what_cannot_be_read_is_said() -> None:
    result = found(
        {
            "srv/node_modules/x/package.json": b"[" * 100_000,
            "srv/node_modules/y/package.json": b" " * (2 << 20),
            "var/lib/rpm/Packages": b"\0",
            "usr/lib/sysimage/rpm/rpmdb.sqlite": b"SQLite format 3\0" + b"\xff" * 2000,
        }
    )
    assert result.packages == ()
    assert [note.partition(":")[0] for note in result.notes] == [
        "/srv/node_modules/x/package.json cannot be read",
        "/srv/node_modules/y/package.json is not read",
        "/var/lib/rpm/Packages is not read",
        "/usr/lib/sysimage/rpm/rpmdb.sqlite cannot be read",
    ]


def test_packages_and_files_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    many = "".join(f"Package: p{number}\nVersion: 1\n\n" for number in range(50)).encode()
    monkeypatch.setattr(scan, "MOST_PACKAGES", 10)
    assert len(found({"var/lib/dpkg/status.d/x": many}).packages) == 10
    monkeypatch.setattr(scan, "MOST_FILES", 3)
    result = found({f"etc/{number}": b"" for number in range(50)})
    assert result.notes == ("the image has more files or packages than are looked at",)


def test_names_that_would_harm_a_terminal_are_left_out() -> None:
    status = b"Package: a\x1b[2J\nVersion: 1\n\nPackage: " + b"b" * 300 + b"\nVersion: 1\n"
    assert found({"var/lib/dpkg/status": status}).packages == ()


def test_a_broken_archive_is_an_error_and_an_interruption_stops_the_reading() -> None:
    with pytest.raises(FreezeError):
        scan_image(iter([b"no archive" * 100]), check=lambda: None)

    def stop() -> None:
        raise CancelledError("interrupted")

    with pytest.raises(CancelledError):
        scan_image(chunks(tar({"etc/x": b""})), check=stop)


@given(st.sampled_from([database for database in DATABASES if database.read is not None]), st.binary(max_size=300))
def test_no_content_does_harm(database: object, content: bytes) -> None:
    (chosen,) = [one for one in DATABASES if one is database]
    assert chosen.read is not None
    for start in (b"", b"SQLite format 3\0"):
        with suppress(ValueError):
            list(chosen.read(start + content, "debian"))


def test_most_files_are_no_database() -> None:
    for path in ("usr/bin/status", "etc/passwd", "METADATA", "srv/package.json", "x/status.d/y", ""):
        assert database_of(path) is None


WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, categories=("L", "N", "P")), min_size=1, max_size=9
)
SYSTEM = st.builds(
    Package,
    kind=st.sampled_from([PackageKind.DEB, PackageKind.APK, PackageKind.RPM]),
    name=st.from_regex(r"[a-z][a-z0-9.+-]{0,9}", fullmatch=True),
    version=WORDS,
    distribution=st.sampled_from(["debian", "alpine", "fedora"]),
    architecture=st.sampled_from(["", "amd64"]),
)
LANGUAGE = st.builds(
    Package,
    kind=st.sampled_from([PackageKind.PYTHON, PackageKind.NPM]),
    name=st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True),
    version=WORDS,
)
SCOPED = st.builds(Package, kind=st.just(PackageKind.NPM), name=st.just("@scope/name"), version=WORDS)


@given(st.lists(SYSTEM | LANGUAGE | SCOPED, max_size=5), st.lists(WORDS, max_size=2))
def test_a_bill_is_read_back_as_it_was_written(packages: list[Package], notes: list[str]) -> None:
    written = image_packages(packages, notes)
    bill = write_bill(IMAGE, written)
    read = read_bill(json.loads(bill))
    assert read.packages == written.packages
    assert sorted(read.notes) == sorted(written.notes)
    assert bill == write_bill(IMAGE, image_packages(reversed(packages), notes))


def test_a_bill_is_valid_and_says_neither_when_nor_where() -> None:
    result = found(
        {"var/lib/dpkg/status": DPKG, "srv/node_modules/@a/b/package.json": b'{"name":"@a/b","version":"1"}'}
    )
    bill = write_bill(IMAGE, image_packages(result.packages, ["a note"]))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill.decode()) is None
    value = json.loads(bill)
    assert "timestamp" not in value["metadata"]
    assert value["serialNumber"] != json.loads(write_bill("sha256:other", result))["serialNumber"]


def test_what_a_bill_should_not_hold_is_skipped() -> None:
    assert read_bill({"components": [{}, {"purl": "pkg:cargo/serde@1"}, {"purl": 3}, "x"]}).packages == ()
