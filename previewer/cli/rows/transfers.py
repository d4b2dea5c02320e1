"""Releases and images that went to a registry or came from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from previewer.cli.rows.ids import show_id
from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject

if TYPE_CHECKING:
    from previewer.operations.pull import PullResult
    from previewer.operations.push import PushResult

PUSH_COLUMNS = (
    Column("release", "RELEASE", show_id),
    Column("reference", "REFERENCE"),
    Column("tag", "TAG"),
    Column("images", "IMAGES"),
)
"""Of the head of ``previewer push``."""
PULL_COLUMNS = (
    Column("release", "RELEASE", show_id),
    Column("project", "PROJECT"),
    Column("commit", "COMMIT", show_id),
    Column("reference", "REFERENCE"),
    Column("pulled", "PULLED"),
)
"""Of ``previewer pull``."""
PUSHED_IMAGE_COLUMNS = (
    Column("image", "IMAGE", show_id),
    Column("name", "NAME", gives_way=True),
    Column("reference", "REFERENCE"),
    Column("was_there", "WAS THERE"),
)


def push_row(result: PushResult) -> JsonObject:
    """Where the release is."""
    return {
        "release": result.release.id,
        "reference": result.reference,
        "tag": result.tag,
        "images": len(result.images),
    }


def pushed_image_rows(result: PushResult) -> tuple[JsonObject, ...]:
    """Where its images are."""
    return tuple(
        {
            "image": image.artifact.image,
            "name": image.artifact.reference,
            "reference": image.reference,
            "was_there": image.was_there,
        }
        for image in result.images
    )


def pull_row(result: PullResult) -> JsonObject:
    """What came."""
    return {
        "release": result.release.id,
        "project": result.release.project,
        "commit": result.release.commit,
        "reference": result.reference,
        "pulled": result.pulled,
    }
