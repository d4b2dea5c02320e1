"""A release with what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct, convert

from previewer.cli.rows.cells import show_bytes, show_id
from previewer.cli.rows.environments import DataRow, data_rows
from previewer.cli.rows.releases import release_columns, release_row
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.release.attestation import ImagePackages, Signature
from previewer.domain.release.release import Artifact
from previewer.present.safe_text import plain
from previewer.present.tables import ABSENT, Column
from previewer.present.values import Span, signed

if TYPE_CHECKING:
    from previewer.operations.inspect import Inspection


class _SignatureRow(Struct, frozen=True):
    """What :func:`signature_value` gives."""

    verdict: str
    signer: str | None = None
    reason: str | None = None


class _BaseRow(Struct, frozen=True):
    reference: str


def show_signature(value: JsonValue) -> Span:
    """``✔ good, Ada <ada@example.org>``."""
    row = convert(value, _SignatureRow)
    words = ", ".join(plain(text) for text in (row.verdict, row.signer, row.reason) if text)
    return signed(row.verdict, text=words)


def show_count(value: JsonValue) -> Span:
    """``deb 88, pypi 3``; ``-`` where the packages were not listed."""
    if not isinstance(value, Mapping):
        return Span(ABSENT)
    return Span(", ".join(f"{plain(kind)} {count}" for kind, count in value.items()) or "none")


def show_bases(value: JsonValue) -> Span:
    """What its Dockerfile builds from, as it calls them."""
    names = [plain(base.reference) for base in convert(value, tuple[_BaseRow, ...])]
    return Span(", ".join(names) or ABSENT)


def _show_data(value: JsonValue) -> Span:
    """``shop-main, db-data: seed db (3f2a91c4b0de)``, for each volume of each environment."""
    rows = convert(value, tuple[DataRow, ...] | None) or ()
    return Span(plain("; ".join(f"{row.environment}, {row.text}" for row in rows)))


def inspection_columns(now: datetime, *, has_data: bool) -> tuple[Column, ...]:
    """The columns of the head of ``previewer inspect``."""
    return (
        *release_columns(now),
        Column("subject", "SUBJECT"),
        Column("signature", "SIGNATURE", show=show_signature),
        Column("running", "RUNS IN"),
        Column("known_good", "GOOD IN"),
        *((Column("data", "DATA", show=_show_data),) if has_data else ()),
    )


IMAGE_COLUMNS = (
    Column("definition", "DEFINITION"),
    Column("service", "SERVICE", gives_way=True),
    Column("image", "IMAGE", show=show_id),
    Column("size", "SIZE", show=show_bytes),
    Column("origin", "ORIGIN"),
    Column("platform", "PLATFORM", spare=3),
    Column("bases", "BASED ON", show=show_bases, gives_way=True, spare=1),
    Column("packages", "PACKAGES", show=show_count, gives_way=True),
)
"""The columns of its images."""


def inspection_row(inspection: Inspection) -> JsonObject:
    """The release without its images."""
    running: list[JsonValue] | None = [e.name for e in inspection.running] if inspection.engine_answers else None
    data = [{"environment": e.name, **row} for e in inspection.running for row in data_rows(e)]
    return {
        **release_row(inspection.release),
        "subject": inspection.subject,
        "signature": signature_value(inspection.signature),
        "has_provenance": inspection.attestations.provenance is not None,
        "running": running,
        "known_good": list(inspection.known_good),
        "data": list(data) if inspection.engine_answers else None,
    }


def signature_value(signature: Signature) -> JsonObject:
    """A signature as data."""
    return {
        "verdict": signature.verdict.value,
        "signer": signature.signer or None,
        "key": signature.key or None,
        "reason": signature.reason or None,
    }


def image_rows(inspection: Inspection) -> tuple[JsonObject, ...]:
    """Every service of every definition, with what is known about its image."""
    return tuple(
        {
            "definition": name,
            "service": service,
            **_image(artifact, inspection.sizes, inspection.attestations.packages),
        }
        for name, frozen in inspection.release.definitions.items()
        for service, artifact in sorted(frozen.artifacts.items())
    )


def _image(
    artifact: Artifact, sizes: Mapping[str, int], packages: Mapping[str, ImagePackages]
) -> dict[str, JsonValue]:
    known = packages.get(artifact.image)
    return {
        "image": artifact.image,
        "size": sizes.get(artifact.image),
        "origin": artifact.origin,
        "platform": artifact.platform,
        "reference": artifact.reference,
        "repository_digest": artifact.repository_digest,
        "input_digest": artifact.input_digest,
        "bases": [
            {"reference": base.reference, "image": base.image, "repository_digest": base.repository_digest}
            for base in artifact.bases
        ],
        "packages": known.count() if known is not None else None,
        "incomplete": list(known.notes) if known is not None else [],
    }
