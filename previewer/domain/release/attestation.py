"""What is said about a release beside its manifest: where it came from, what is in it, and who signed that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from urllib.parse import parse_qs, unquote

from msgspec import Struct, field

from previewer.domain.json_value import JsonObject, as_list, as_object, as_text
from previewer.domain.stored import convert

PROVENANCE_FILE = "provenance.json"
BILL_FILE = "bill.json"
"""The file of the record that an image has, whatever releases it is in."""
_BILL_PREFIX, _BILL_SUFFIX = "sbom-", ".json"


def bill_file(image: str) -> str:
    """The name of an image's bill of materials among a release's attestations."""
    return f"{_BILL_PREFIX}{image.removeprefix('sha256:')}{_BILL_SUFFIX}"


def bill_image(file: str) -> str | None:
    """The image (``sha256:…``) whose bill a file is; ``None`` for another file."""
    if not file.startswith(_BILL_PREFIX):
        return None
    return f"sha256:{file.removeprefix(_BILL_PREFIX).removesuffix(_BILL_SUFFIX)}"


class Verdict(Enum):
    """What became of checking a signature."""

    GOOD = "good"
    UNKNOWN = "unknown"
    """It is signed, but the signer cannot be confirmed here: the key is missing, expired or not trusted."""
    BAD = "bad"
    """It is not what was signed, or its key was revoked."""
    UNSIGNED = "unsigned"


class Signature(Struct, frozen=True):
    """Who answers for a release and what is said about it."""

    verdict: Verdict
    signer: str = ""
    """The signer as the key has it: ``Ada <ada@example.org>``."""
    key: str = ""
    """The key's fingerprint or id."""
    reason: str = ""
    """Why the verdict is not good; empty where it is."""


UNSIGNED = Signature(Verdict.UNSIGNED)


class Attestations(Struct, frozen=True):
    """All that is said about one release."""

    provenance: JsonObject | None = None
    """An in-toto statement (https://in-toto.io/Statement/v1) with a SLSA predicate; ``None`` for none."""
    bills: Mapping[str, JsonObject] = field(default_factory=dict)
    """CycloneDX documents by image (``sha256:…``)."""
    packages: Mapping[str, ImagePackages] = field(default_factory=dict)
    """What the bills list, by image."""


class Byproduct(Struct, frozen=True):
    """A file that a provenance names beside the release."""

    name: str = ""
    digest: Mapping[str, str] = field(default_factory=dict)
    """By algorithm: hexadecimal digits."""


class _RunDetails(Struct, frozen=True):
    byproducts: tuple[Byproduct, ...] = ()


class _Predicate(Struct, frozen=True, rename="camel"):
    run_details: _RunDetails = field(default_factory=_RunDetails)


class _Statement(Struct, frozen=True):
    predicate: _Predicate = field(default_factory=_Predicate)


def byproducts(provenance: object) -> tuple[Byproduct, ...]:
    """What a provenance names beside the release. Raises :class:`ValueError` for one that is none."""
    return convert(provenance, _Statement).predicate.run_details.byproducts


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
    """The name that its manager uses; of npm with the scope: ``@types/node``."""
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
        counts: dict[str, int] = {}
        for package in self.packages:
            counts[package.kind.value] = counts.get(package.kind.value, 0) + 1
        return counts


NOTE_PROPERTY = "previewer:incomplete"
"""The property of a bill's metadata that says why there may be more packages."""


def image_packages(packages: Iterable[Package], notes: Iterable[str] = ()) -> ImagePackages:
    """``packages``, sorted and each once."""
    return ImagePackages(tuple(sorted(set(packages), key=lambda found: found.key)), tuple(dict.fromkeys(notes)))


def read_bill(bill: JsonObject) -> ImagePackages:
    """The packages that a bill of materials (CycloneDX 1.6, JSON) lists. Components of other types are skipped."""
    components = (_component(as_object(component)) for component in as_list(bill.get("components")))
    properties = (as_object(entry) for entry in as_list(as_object(bill.get("metadata")).get("properties")))
    notes = [as_text(entry.get("value")) for entry in properties if entry.get("name") == NOTE_PROPERTY]
    return image_packages((package for package in components if package is not None), notes)


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
