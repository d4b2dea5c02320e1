"""The mount options by which an engine's ``local`` driver shows layers as one volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from previewer.domain.engine.specs import UPPER, VolumeSpec, volume_of
from previewer.domain.labels import LAYERS

UNSAFE = frozenset(":,\\")
"""Characters that mean something in these options: a path that has one cannot be part of them."""


def clone_options(layers: Sequence[str], mountpoints: Mapping[str, str]) -> Mapping[str, str] | None:
    """``driver_opts`` of a volume that shows ``layers``, topmost first; ``None`` where a path cannot be one.

    The topmost takes what is written: alone it is mounted as it is. ``mountpoints`` say where the layers' volumes
    are on the engine's host.
    """
    paths = [_path(layer, mountpoints) for layer in layers]
    if any(not UNSAFE.isdisjoint(path) for path in paths):
        return None
    if len(paths) == 1:
        return {"type": "none", "o": "bind", "device": paths[0]}
    own = mountpoints[volume_of(layers[0])].rstrip("/")
    options = f"lowerdir={':'.join(paths[1:])},upperdir={paths[0]},workdir={own}/work"
    return {"type": "overlay", "device": "overlay", "o": options}


def as_shown(spec: VolumeSpec, layers: Sequence[str], options: Mapping[str, str]) -> VolumeSpec:
    """The volume that services mount, which shows ``layers`` by ``options``."""
    compose = {**spec.compose, "driver_opts": {**spec.declared.driver_opts, **options}}
    return replace(spec, clone=None, compose=compose, labels={**spec.labels, LAYERS: " ".join(layers)})


def _path(layer: str, mountpoints: Mapping[str, str]) -> str:
    volume = volume_of(layer)
    return mountpoints[volume].rstrip("/") + (UPPER if layer != volume else "")
