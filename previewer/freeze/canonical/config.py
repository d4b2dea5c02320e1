"""An image's configuration in canonical form: what a container runs with, and nothing of who built it or when.

After the OCI Image Specification, "Image Configuration", and its Docker extensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from previewer.domain.json_value import JsonObject, JsonValue, as_object, canonical_json, digest_of
from previewer.domain.labels import IMAGE_LABELS, is_reserved
from previewer.domain.units import format_time
from previewer.freeze.canonical.layer import CANONICAL_TIME

KEPT = (
    "User",
    "ExposedPorts",
    "Env",
    "Entrypoint",
    "Cmd",
    "Volumes",
    "WorkingDir",
    "Labels",
    "StopSignal",
    "Healthcheck",
    "Shell",
    "OnBuild",
)
"""What a container runs with. Builders add a hostname, the image that a step stood on, and more."""
ROOT = "/"
USUAL = (("arm64", "v8"), ("amd64", "v1"))
"""Variants that some builders name and others take for granted."""


def canonical_config(
    config: JsonObject, *, platform: str, diff_ids: Sequence[str], base_layers: int
) -> tuple[str, bytes]:
    """The configuration's digest, which is the image's id, and its bytes.

    ``config`` is the part about containers, ``base_layers`` how many of ``diff_ids`` are the base's. The history
    says no more than that: builders word it differently.
    """
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    timestamp = format_time(datetime.fromtimestamp(CANONICAL_TIME, UTC))
    history: list[JsonValue] = [
        {"created": timestamp, "created_by": "base image" if position < base_layers else "previewer freeze"}
        for position in range(len(diff_ids))
    ]
    document: dict[str, JsonValue] = {
        "architecture": architecture,
        "config": kept_keys(config),
        "created": timestamp,
        "history": history,
        "os": system,
        "rootfs": {"diff_ids": list(diff_ids), "type": "layers"},
    }
    if variant and (architecture, variant) not in USUAL:
        document["variant"] = variant
    return digest_of(document), canonical_json(document)


def kept_keys(config: JsonObject) -> JsonObject:
    """What of a configuration is about containers.

    Absent and empty mean the same; so do the root and no working directory. Reserved labels that a Dockerfile or a
    base sets are dropped; previewer's own were given to the build, which let them win.
    """
    labels = as_object(config.get("Labels"))
    mine = {key: value for key, value in labels.items() if key in IMAGE_LABELS or not is_reserved(key)}
    found = {key: value for key in KEPT if (value := {**config, "Labels": mine}.get(key))}
    if found.get("WorkingDir") == ROOT:
        del found["WorkingDir"]
    return found
