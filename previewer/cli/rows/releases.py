"""Releases and their artifacts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from previewer.cli.rows.ids import show_id
from previewer.cli.rows.times import moment, show_age
from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.release import Release

if TYPE_CHECKING:
    from previewer.operations.releases import ListedRelease


def release_columns(now: datetime) -> tuple[Column, ...]:
    """Of the head of ``previewer freeze``, and of whatever shows releases."""
    return (
        Column("release", "RELEASE", show_id),
        Column("commit", "COMMIT", show_id),
        Column("committed_at", "COMMITTED", show_age(now)),
        Column("definitions", "DEFINITIONS", gives_way=True),
        Column("images", "IMAGES"),
    )


def listed_columns(now: datetime, *, asks_remote: bool) -> tuple[Column, ...]:
    """Of ``previewer releases``."""
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
    """Of the images that ``previewer freeze`` prints."""
    return (
        Column("definition", "DEFINITION"),
        Column("service", "SERVICE", gives_way=True),
        Column("image", "IMAGE", show_id),
        Column("origin", "ORIGIN"),
        Column("reference", "REFERENCE", gives_way=True),
    )


def release_row(release: Release) -> JsonObject:
    """A release without its artifacts."""
    return {
        "release": release.id,
        "project": release.project,
        "commit": release.commit,
        "committed_at": moment(release.committed_at),
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
