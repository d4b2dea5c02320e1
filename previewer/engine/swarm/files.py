"""The configs and secrets of services: made before their service, removed after it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec import Struct

from previewer.background import begin
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.swarm.files import MAX_FILE_BYTES, FileKind, create_file, list_files, remove_file
from previewer.domain.compose.mounted_files import ConfigMount, config_mounts
from previewer.domain.engine.observation import ContainerState, Health, ObservedContainer
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.labels import FILE_OF, read_ownership
from previewer.engine.mapping.part import malformed
from previewer.engine.mapping.service import AttachedFile, swarm_name
from previewer.engine.swarm.states import LONG_AGO

KINDS = {"configs": FileKind.CONFIG, "secrets": FileKind.SECRET}


class PlannedFile(Struct, frozen=True):
    """A file that a service is to have."""

    kind: FileKind
    name: str
    """What the managers call it: their names have 64 characters at most."""
    mount: ConfigMount


class FileKeeper:
    """The files that one swarm's managers keep for our services."""

    def __init__(self, docker: DockerConnection) -> None:
        self._docker = docker

    def plan(self, spec: ContainerSpec) -> tuple[PlannedFile, ...]:
        """The files of a service. Raises :class:`EngineError` for one without content, or too large."""
        found = []
        for mount in config_mounts(spec.declared):
            kind, source = mount.reference.split("/", 1)
            if mount.reference not in spec.contents:
                raise malformed(spec, kind, f"nothing says what {source!r} contains")
            if len(spec.contents[mount.reference]) > MAX_FILE_BYTES:
                limit = MAX_FILE_BYTES // 1024
                raise malformed(spec, kind, f"{source!r} has more than {limit} KiB, Swarm's limit")
            digest = hashlib.sha256(f"{spec.name} {mount.reference} {mount.path}".encode()).hexdigest()
            found.append(PlannedFile(KINDS[kind], f"previewer-{digest[:40]}", mount))
        return tuple(found)

    def create(self, files: Sequence[PlannedFile], spec: ContainerSpec) -> tuple[AttachedFile, ...]:
        """Make them, labelled as their service's."""
        labels = {**spec.labels, FILE_OF: swarm_name(spec.name)}
        return tuple(
            AttachedFile(
                kind=file.kind.value.capitalize(),
                id=create_file(
                    self._docker,
                    file.kind,
                    name=file.name,
                    content=spec.contents[file.mount.reference],
                    labels=labels,
                ),
                name=file.name,
                path=file.mount.path,
                mode=file.mount.mode,
                uid=file.mount.uid,
                gid=file.mount.gid,
            )
            for file in files
        )

    def remove(self, files: Sequence[PlannedFile]) -> None:
        """Remove them. Nothing happens to those that are gone."""
        for file in files:
            remove_file(self._docker, file.kind, file.name)

    def remove_of(self, service: str) -> None:
        """Remove the files of a service, by its name on the swarm, once it is gone."""
        for kind in FileKind:
            for file in list_files(self._docker, kind, [f"{FILE_OF}={service}"]):
                remove_file(self._docker, kind, file.id)

    def owners(self, labels: Sequence[str]) -> tuple[ObservedContainer, ...]:
        """The services that have files, each as one that is being removed: a killed removal may have left them."""
        docker = self._docker
        secrets = begin(lambda: list_files(docker, FileKind.SECRET, labels), name="previewer-observe")
        files = (*list_files(docker, FileKind.CONFIG, labels), *secrets.result())
        found: dict[str, ObservedContainer] = {}
        for file in files:
            ownership, name = read_ownership(dict(file.labels)), file.labels.get(FILE_OF, "")
            if ownership is not None and name not in found:
                found[name] = ObservedContainer(
                    id=file.id,
                    name=name,
                    number=1,
                    image="",
                    state=ContainerState.REMOVING,
                    health=Health.NONE,
                    exit_code=None,
                    created_at=LONG_AGO,
                    ports=(),
                    ownership=ownership,
                    is_one_off=True,
                )
        return tuple(found.values())
