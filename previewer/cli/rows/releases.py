"""Releases, their artifacts and packages, and what pruning removes and keeps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from previewer.cli.rows.cells import show_age, show_bytes, show_id, timestamp
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.release.attestation import Package
from previewer.domain.release.release import Release
from previewer.present.tables import Column, show_plain
from previewer.present.values import Span

if TYPE_CHECKING:
    from previewer.operations.inspect import Inspection
    from previewer.operations.lists import ListedRelease
    from previewer.operations.prune import PruneItem


def release_columns(now: datetime) -> tuple[Column, ...]:
    """The columns of the head of ``previewer freeze`` and of other commands that show one release."""
    return (
        Column("release", "RELEASE", show=show_id),
        Column("commit", "COMMIT", show=show_id),
        Column("committed_at", "COMMITTED", show=show_age(now)),
        Column("definitions", "DEFINITIONS", gives_way=True),
        Column("images", "IMAGES"),
    )


def listed_columns(now: datetime, *, asks_remote: bool) -> tuple[Column, ...]:
    """The columns of ``previewer releases``."""
    return (
        *release_columns(now),
        Column("running", "RUNS IN", gives_way=True),
        Column("known_good", "GOOD IN", gives_way=True, spare=1),
        Column("signed", "SIGNED", spare=2),
        *((Column("published", "PUBLISHED"),) if asks_remote else ()),
    )


def listed_row(listed: ListedRelease) -> JsonObject:
    """A release with who needs it."""
    running: list[JsonValue] | None = list(listed.running) if listed.running is not None else None
    return {
        **release_row(listed.release),
        "running": running,
        "known_good": list(listed.known_good),
        "signed": listed.is_signed,
        "published": listed.is_published,
    }


def artifact_columns() -> tuple[Column, ...]:
    """The columns of the images that ``previewer freeze`` prints."""
    return (
        Column("definition", "DEFINITION"),
        Column("service", "SERVICE", gives_way=True),
        Column("image", "IMAGE", show=show_id),
        Column("origin", "ORIGIN"),
        Column("reference", "REFERENCE", gives_way=True),
    )


def release_row(release: Release) -> JsonObject:
    """A release without its artifacts."""
    return {
        "release": release.id,
        "project": release.project,
        "commit": release.commit,
        "committed_at": timestamp(release.committed_at),
        "definitions": list(release.definitions),
        "images": len(release.artifacts),
    }


def artifact_rows(release: Release) -> tuple[JsonObject, ...]:
    """Every service of every definition, with its image."""
    return tuple(
        {
            "definition": name,
            "service": service,
            "image": artifact.image,
            "platform": artifact.platform,
            "origin": artifact.origin,
            "reference": artifact.reference,
            "repository_digest": artifact.repository_digest,
        }
        for name, frozen in release.definitions.items()
        for service, artifact in sorted(frozen.artifacts.items())
    )


PACKAGE_COLUMNS = (
    Column("service", "SERVICE", gives_way=True),
    Column("kind", "KIND"),
    Column("name", "PACKAGE", gives_way=True),
    Column("version", "VERSION", gives_way=True),
    Column("architecture", "ARCHITECTURE", spare=1),
)
"""The columns of ``previewer inspect --packages``."""


def package_rows(inspection: Inspection) -> tuple[JsonObject, ...]:
    """Every package of every service's image; an image that several definitions have counts once."""
    pairs = {
        (service, artifact.image)
        for frozen in inspection.release.definitions.values()
        for service, artifact in frozen.artifacts.items()
    }
    return tuple(
        {"service": service, "image": image, **_package(package)}
        for service, image in sorted(pairs)
        if image in inspection.attestations.packages
        for package in inspection.attestations.packages[image].packages
    )


def incomplete_bills(inspection: Inspection) -> tuple[tuple[str, str], ...]:
    """Services, and why their images may have more packages than are listed; each pair once."""
    services: dict[str, set[str]] = {}
    for frozen in inspection.release.definitions.values():
        for service, artifact in frozen.artifacts.items():
            services.setdefault(artifact.image, set()).add(service)
    packages = inspection.attestations.packages
    return tuple(
        (", ".join(sorted(names)), note)
        for image, names in sorted(services.items())
        if image in packages
        for note in packages[image].notes
    )


def _package(package: Package) -> dict[str, JsonValue]:
    return {
        "kind": package.kind.value,
        "name": package.name,
        "version": package.version,
        "architecture": package.architecture or None,
    }


_DIGITS = 64


def _show_name(value: JsonValue) -> Span:
    """Digests by their first digits, other names as they are."""
    is_digest = isinstance(value, str) and len(value.removeprefix("sha256:")) == _DIGITS
    return show_id(value) if is_digest else show_plain(value)


def _show_fate(value: JsonValue) -> Span:
    return Span("stays" if value else "goes")


_WHAT = (Column("kind", "KIND"), Column("name", "NAME", show=_show_name, gives_way=True))
_WHY = (Column("bytes", "SIZE", show=show_bytes), Column("reason", "REASON", gives_way=True))
PRUNED_COLUMNS = (*_WHAT, *_WHY)
"""The columns of ``previewer prune``."""
JUDGED_COLUMNS = (Column("keeps", "FATE", show=_show_fate), *PRUNED_COLUMNS)
"""The columns of ``previewer prune --kept``."""


def pruned_rows(items: Iterable[PruneItem]) -> tuple[JsonObject, ...]:
    """The items, as they come."""
    return tuple(
        {
            "kind": item.kind.value,
            "name": item.name,
            "keeps": item.keeps,
            "bytes": item.bytes if item.kind.value == "image" else None,
            "reason": item.reason,
        }
        for item in items
    )
