"""Packages that are in an image: what package managers left behind about what they installed."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from urllib.parse import parse_qs, unquote

from msgspec import Struct

from previewer.domain.json_value import JsonObject, as_list, as_object, as_text


class PackageKind(Enum):
    """Who installed it. The value is the type in a package URL (https://github.com/package-url/purl-spec)."""

    DEB = "deb"
    APK = "apk"
    RPM = "rpm"
    PYTHON = "pypi"
    NPM = "npm"


class Package(Struct, frozen=True):
    """One package in one version."""

    kind: PackageKind
    name: str
    """As its manager calls it; of npm with the scope: ``@types/node``."""
    version: str
    """The version; a distribution's with all that its manager compares, epoch and release included."""
    distribution: str = ""
    """``debian``, ``alpine``, ``fedora``: whose package it is; empty for Python's and npm's."""
    architecture: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What packages are sorted by."""
        return (self.kind.value, self.name, self.architecture, self.version)


class ImagePackages(Struct, frozen=True):
    """The packages of one image."""

    packages: tuple[Package, ...]
    """The packages, sorted, each once."""
    notes: tuple[str, ...] = ()
    """Why there may be more: a database that cannot be read, say."""

    def count(self) -> dict[str, int]:
        """How many there are of each kind, by the kind's value; kinds without any are left out."""
        found: dict[str, int] = {}
        for package in self.packages:
            found[package.kind.value] = found.get(package.kind.value, 0) + 1
        return found


NOTE_PROPERTY = "previewer:incomplete"
"""The property of a bill's metadata that says why there may be more packages."""


def image_packages(packages: Iterable[Package], notes: Iterable[str] = ()) -> ImagePackages:
    """``packages``, sorted and each once."""
    return ImagePackages(tuple(sorted(set(packages), key=lambda found: found.key)), tuple(dict.fromkeys(notes)))


def read_bill(bill: JsonObject) -> ImagePackages:
    """The packages that a bill of materials (CycloneDX 1.6, JSON) lists. Components of other types are skipped."""
    found = (_component(as_object(component)) for component in as_list(bill.get("components")))
    properties = (as_object(entry) for entry in as_list(as_object(bill.get("metadata")).get("properties")))
    notes = [as_text(entry.get("value")) for entry in properties if entry.get("name") == NOTE_PROPERTY]
    return image_packages((package for package in found if package is not None), notes)


def _component(component: JsonObject) -> Package | None:
    scheme, _, rest = as_text(component.get("purl")).partition(":")
    path, _, query = rest.partition("?")
    kind, _, names = path.partition("@")[0].partition("/")
    if scheme != "pkg" or kind not in {known.value for known in PackageKind}:
        return None
    group, name = as_text(component.get("group")), as_text(component.get("name"))
    is_npm = kind == PackageKind.NPM.value
    return Package(
        kind=PackageKind(kind),
        name=f"{group}/{name}" if group and is_npm else name,
        version=as_text(component.get("version")),
        distribution=unquote(names.rpartition("/")[0]) if not is_npm else "",
        architecture=next(iter(parse_qs(query).get("arch", ())), ""),
    )
