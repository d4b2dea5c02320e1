"""Find the packages in an image's files as they stream by: nothing but one small file is ever held."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator

from previewer.domain.release.attestation import ImagePackages, Package, image_packages
from previewer.domain.tar_pieces import open_tar
from previewer.errors import FreezeError
from previewer.freeze.packages.databases import (
    OS_RELEASE,
    OS_RELEASE_BYTES,
    Database,
    database_of,
    read_distribution,
)

MOST_FILES = 5_000_000
MOST_PACKAGES = 100_000
LONGEST_WORD = 256
"""Characters of a name or version; what is longer is no real package's."""


def scan_image(chunks: Iterator[bytes], *, check: Callable[[], None]) -> ImagePackages:
    """The packages in a tar stream of an image's root.

    The image's author wrote what is read here: sizes and counts are bounded, and where a bound or a broken
    file hides packages, the notes say so. ``check`` is called for each chunk and raises to stop. Raises
    :class:`FreezeError` for a stream that is cut off.
    """
    scan = _Scan()
    try:
        with open_tar(_checked(chunks, check)) as archive:
            for number, member in enumerate(archive):
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep every header
                if number >= MOST_FILES or len(scan.packages) >= MOST_PACKAGES:
                    scan.notes.append("the image has more files or packages than are looked at")
                    break
                if member.isfile():
                    scan.look(archive, member)
    except tarfile.TarError as error:
        raise FreezeError(f"the image's files cannot be read: {error}") from error
    return scan.result()


class _Scan:
    """What was found so far."""

    def __init__(self) -> None:
        self.packages: list[Package] = []
        self.notes: list[str] = []
        self._distribution = ""
        self._waiting: list[tuple[Database, str, bytes]] = []
        """Distributions' databases: ``etc/os-release`` comes before them or after."""

    def look(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = member.name.removeprefix("./").lstrip("/")
        if OS_RELEASE.fullmatch(path):
            if content := _content(archive, member, OS_RELEASE_BYTES):
                self._distribution = read_distribution(content) or self._distribution
            return
        database = database_of(path)
        if database is None:
            return
        if database.read is None or member.size > database.most_bytes:
            self.notes.append(f"/{path} is not read: {_why(database)}")
            return
        content = _content(archive, member, database.most_bytes)
        if database.is_of_distribution:
            self._waiting.append((database, path, content))
        else:
            self._take(database, path, content)

    def result(self) -> ImagePackages:
        for database, path, content in self._waiting:
            self._take(database, path, content)
        return image_packages(self.packages, self.notes)

    def _take(self, database: Database, path: str, content: bytes) -> None:
        if database.read is None:
            return
        try:
            for package in database.read(content, self._distribution):
                if _is_sane(package) and len(self.packages) < MOST_PACKAGES:
                    self.packages.append(package)
        except ValueError as error:
            self.notes.append(f"/{path} cannot be read: {error}")


def _is_sane(package: Package) -> bool:
    words = (package.name, package.version, package.architecture)
    return all(len(word) <= LONGEST_WORD and word.isprintable() for word in words)


def _why(database: Database) -> str:
    return "it is too large" if database.read is not None else "it has an older format of rpm's"


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    opened = archive.extractfile(member) if member.size <= most else None
    return opened.read() if opened is not None else b""


def _checked(chunks: Iterator[bytes], check: Callable[[], None]) -> Iterator[bytes]:
    for chunk in chunks:
        check()
        yield chunk
