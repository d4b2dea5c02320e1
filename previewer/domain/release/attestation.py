"""What is said about a release beside its manifest: where it came from, what is in it, and who signed that."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from previewer.domain.json_value import JsonObject
from previewer.domain.release.packages import ImagePackages

PROVENANCE_FILE = "provenance.json"
BILL_FILE = "bill.json"
"""Of the record that an image has, whatever releases it is in."""
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
    """As the key has it: ``Ada <ada@example.org>``."""
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
