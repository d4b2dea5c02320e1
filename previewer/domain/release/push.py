"""What is remembered of a release in a registry."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Push(msgspec.Struct, frozen=True):
    """Where a release was pushed to, or pulled from, last."""

    release: str = ""
    """``REGISTRY/REPOSITORY@sha256:…``; empty where neither ever happened."""
    images: Mapping[str, str] = msgspec.field(default_factory=dict)
    """``REGISTRY/REPOSITORY@sha256:…`` by image (config digest)."""
    is_foreign: bool = msgspec.field(name="foreign", default=False)
    """Whether it was pulled and never frozen here."""
