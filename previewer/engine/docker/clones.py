"""Volumes that begin with data: laid over layers that are never written to, else copied."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from previewer.docker_api import volumes
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.podman import podman_version
from previewer.docker_api.volumes import is_mountable, make_clone_folders
from previewer.domain.engine.specs import UPPER, CloneSpec, VolumeSpec, volume_of
from previewer.engine.create_body import labelled_volume
from previewer.engine.mapping.clone_options import as_shown, clone_options
from previewer.engine.mapping.networks import volume_body
from previewer.errors import UnsupportedError

COPIES_SINCE = (5, 0)
"""The first Podman that unpacks an archive into a volume and does not lose it without an error (4.3 does)."""


class CloneMaker:
    """Makes clones on one engine, and remembers whether it can lay one volume over others."""

    def __init__(self, docker: DockerConnection) -> None:
        self._docker = docker
        self._overlays: bool | None = False if docker.is_podman else None
        """``None`` until the first clone was tried. Podman takes the options, and fails at the start."""

    def create(self, spec: VolumeSpec, clone: CloneSpec) -> None:
        """Make the volume that takes what is written, and the one that shows it over its layers."""
        volumes.create_volume(
            self._docker, name=clone.own, body={"Name": clone.own, "Labels": dict(clone.own_labels)}
        )
        if clone.layers and not clone.copies and self._overlays is not False and self._overlay(spec, clone):
            return
        if clone.layers:
            self._copy(clone.layers[0], clone)
        self._show(spec, clone.shown_layers(is_overlaid=False))

    def _copy(self, layer: str, clone: CloneSpec) -> None:
        """Copy what a volume holds into the clone's own. Raises :class:`UnsupportedError` for a part of one."""
        if len(clone.layers) > 1 or layer.endswith(UPPER):
            raise UnsupportedError(
                "this data is laid over other data, and the engine cannot show that",
                where=f"volume {clone.own}",
                hint="restart the environment where it was made, or begin with `--data empty`",
            )
        if (podman := podman_version(self._docker)) and podman < COPIES_SINCE:
            raise UnsupportedError(
                "this Podman does not unpack archives into volumes of containers that never ran",
                where=f"volume {clone.own}",
                hint="use Podman 5, or begin with `--data empty`",
            )
        volumes.fill_volume(
            self._docker,
            volume=clone.own,
            image=clone.image,
            labels=clone.labels,
            user=None,
            archive=lambda _owner: volumes.read_volume(
                self._docker, layer, image=clone.image, labels=clone.labels
            ),
        )

    def _overlay(self, spec: VolumeSpec, clone: CloneSpec) -> bool:
        """Whether the engine can do it; else nothing but the empty own volume is left."""
        make_clone_folders(
            self._docker, own=clone.own, below=clone.layers[0], image=clone.image, labels=clone.labels
        )
        if not self._show(spec, clone.shown_layers(is_overlaid=True)):
            return False
        if self._overlays is None:
            self._overlays = is_mountable(self._docker, volume=spec.name, image=clone.image, labels=clone.labels)
            if not self._overlays:
                volumes.remove_volume(self._docker, spec.name)
                volumes.remove_volume(self._docker, clone.own)
                volumes.create_volume(
                    self._docker, name=clone.own, body={"Name": clone.own, "Labels": dict(clone.own_labels)}
                )
        return self._overlays

    def _show(self, spec: VolumeSpec, layers: tuple[str, ...]) -> bool:
        """Make the volume that services mount; ``False`` where its options cannot be written."""
        options = clone_options(layers, self._mountpoints({volume_of(layer) for layer in layers}))
        if options is None:
            return False
        body = labelled_volume(volume_body(as_shown(spec, layers, options)))
        volumes.create_volume(self._docker, name=spec.name, body=body)
        return True

    def _mountpoints(self, names: Collection[str]) -> Mapping[str, str]:
        return {name: volumes.find_mountpoint(self._docker, name) for name in names}
