"""Platforms as images name them: ``linux/arm64/v8`` (OCI Image Specification 1.1, "Image Index", ``platform``)."""

from __future__ import annotations

from previewer.domain.json_value import JsonObject, as_text

KEYS = ("os", "architecture", "variant")


def read_platform(entry: JsonObject) -> str:
    """The text for an object with :data:`KEYS`; what is absent or empty is left out."""
    return "/".join(filter(None, (as_text(entry.get(key)) for key in KEYS)))


def platform_object(platform: str) -> dict[str, str]:
    """The object for a text, with as many of :data:`KEYS` as that says."""
    return dict(zip(KEYS, platform.split("/"), strict=False))


def runs_as(has: str, wants: str) -> bool:
    """Whether an image for ``has`` is one for ``wants``; a variant counts only where both name one."""
    return all(one == other for one, other in zip(has.split("/"), wants.split("/"), strict=False))
