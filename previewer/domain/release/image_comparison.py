"""Hold one image against another: byte for byte the same, the same files, or different in which."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from enum import Enum

from msgspec import Struct

from previewer.domain.json_value import JsonObject


class ImageFile(Struct, frozen=True):
    """What is at one path of an image; its times are left out."""

    kind: str
    """``file``, ``folder``, ``link`` or ``special``."""
    mode: int
    uid: int
    gid: int
    content: str = ""
    """A file's digest, a link's target, or a special file's device."""


class ImageContent(Struct, frozen=True):
    """An image as containers see it."""

    files: Mapping[str, ImageFile]
    """Files by path, without a leading slash."""
    config: JsonObject
    """What containers run with."""


class Sameness(Enum):
    """How alike two images are."""

    IDENTICAL = "identical"
    """Both have one digest."""
    EQUAL = "equal"
    """The same files and the same configuration, packed another way."""
    DIFFERENT = "different"


class ImageDifference(Struct, frozen=True):
    """One thing in which two images differ."""

    path: str
    """A file's path with a leading slash, or ``config.Env`` for a part of the configuration."""
    change: str
    """``added``, ``removed``, or what changed: ``kind``, ``content``, ``mode``, ``owner``, ``value``."""


def compare_images(old: ImageContent, new: ImageContent) -> tuple[ImageDifference, ...]:
    """In which files, then in which parts of the configuration, ``new`` differs from ``old``, sorted by path."""
    files = [
        ImageDifference(f"/{path}", change)
        for path in sorted(old.files.keys() | new.files.keys())
        if (change := _file_change(old.files.get(path), new.files.get(path)))
    ]
    config = [
        ImageDifference(f"config.{key}", "value")
        for key in sorted(old.config.keys() | new.config.keys())
        if (old.config.get(key) or None) != (new.config.get(key) or None)
    ]
    return (*files, *config)


def _file_change(old: ImageFile | None, new: ImageFile | None) -> str:
    if old == new:
        return ""
    if old is None:
        return "added"
    if new is None:
        return "removed"
    if old.kind != new.kind:
        return "kind"
    if old.content != new.content:
        return "content"
    return "mode" if old.mode != new.mode else "owner"


Layers = Mapping[str, int]
"""Bytes of an image's layers by what tells each from all others: all that lies below it, and itself."""


def stack_layers(diff_ids: Sequence[str], entries: Sequence[int] = ()) -> Layers:
    """The layers of an image, the lowest first.

    ``entries`` are the bytes of what its history says, the oldest first; an entry that made no layer has none. Of
    those, as many are passed over as there are too many, the newest first.
    """
    surplus = len(entries) - len(diff_ids)
    sizes: list[int] = []
    for size in reversed(entries):
        if surplus > 0 and not size:
            surplus -= 1
        else:
            sizes.append(size)
    sizes = sizes[::-1] + [0] * len(diff_ids)
    found: dict[str, int] = {}
    chain = ""
    for diff_id, size in zip(diff_ids, sizes, strict=False):
        chain = hashlib.sha256(f"{chain} {diff_id}".encode()).hexdigest()
        found[chain] = size
    return found


def freed_bytes(removed: Collection[str], layers: Mapping[str, Layers]) -> int:
    """What an engine frees if ``removed`` go, where ``layers`` are those of all its images: shared ones once."""
    held = {layer for image, found in layers.items() if image not in removed for layer in found}
    gone = {layer: size for image in removed for layer, size in layers.get(image, {}).items()}
    return sum(size for layer, size in gone.items() if layer not in held)
