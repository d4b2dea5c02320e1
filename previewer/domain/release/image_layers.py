"""What images take on an engine's disk: layers, which several images share."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence

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
