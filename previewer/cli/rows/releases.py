"""Releases and their artifacts."""

from __future__ import annotations

from datetime import datetime

from previewer.cli.rows.ids import show_id
from previewer.cli.rows.times import moment, show_age
from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject
from previewer.domain.release import Release


def release_columns(now: datetime) -> tuple[Column, ...]:
    """Of ``previewer releases``, and of the head of ``previewer freeze``."""
    return (
        Column("release", "RELEASE", show_id),
        Column("commit", "COMMIT", show_id),
        Column("committed_at", "COMMITTED", show_age(now)),
        Column("definitions", "DEFINITIONS", gives_way=True),
        Column("images", "IMAGES"),
    )


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
