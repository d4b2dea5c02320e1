"""Close looks at a Docker engine, copies of data, and shells."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import TypeVar

from msgspec import convert

from previewer.background import begin
from previewer.docker_api.answers import Container, ListedContainer, Network, RawContainer, Volume
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.container_files import ContentComparison, file_digest, list_changes
from previewer.docker_api.containers import find_container, inspect_closely
from previewer.docker_api.events import list_past_events, open_happenings
from previewer.docker_api.images import image_config
from previewer.docker_api.machine import engine_started, list_everything
from previewer.docker_api.reading import read_examined, read_stranger, shaped_as_body
from previewer.docker_api.streams import GatheredStream
from previewer.docker_api.terminal import run_attached
from previewer.docker_api.volumes import read_volume
from previewer.domain import labels
from previewer.domain.drift.fields import Fields
from previewer.domain.engine.examination import (
    EngineHappening,
    Examination,
    ExaminedContainer,
    ExaminedNetwork,
    ExaminedVolume,
    FileChange,
    Stranger,
)
from previewer.domain.engine.specs import ContainerSpec, NetworkSpec, VolumeSpec
from previewer.domain.json_value import JsonObject
from previewer.engine.create_body import (
    binding_of,
    complete_body,
    joined_body,
    judged_changes,
    judged_fields,
    network_form,
    subnets_of,
    volume_form,
)
from previewer.engine.examiner import NO_PLACES
from previewer.engine.mapping.clone_options import as_shown, clone_options
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.networks import network_body, volume_body
from previewer.engine.normal_form import normal_form
from previewer.engine.protocol import Stream
from previewer.errors import ConflictError, ObjectNotFoundError

PARALLEL = 8
"""Calls at the same time."""
MOST_INSPECTED = 64
"""Containers of others, younger than ours and newest first, that are looked at one by one."""
Subject = TypeVar("Subject")
Result = TypeVar("Result")


class DockerExaminer:
    """An engine behind the Docker API, as :class:`previewer.engine.examiner.Examiner` looks at it."""

    def __init__(self, connection: DockerConnection) -> None:
        self._docker = connection
        self._is_podman = connection.is_podman
        self._image_configs: dict[str, JsonObject] = {}
        self._lock = threading.Lock()

    def examine(self, installation: str, *, environment: str = "") -> Examination:
        """Four lists, and an inspection of each container of the repository, or of one of its environments."""
        docker = self._docker
        lists = list_everything(docker)
        names = {entry.id: entry.name for entry in lists.containers}
        ours = [entry for entry in lists.containers if _belongs(entry, installation, environment)]
        others = [entry for entry in lists.containers if not _belongs(entry, installation, environment)]
        inspected = in_parallel(lambda entry: inspect_closely(docker, entry.id), ours)
        return Examination(
            containers=tuple(sorted(self._examined(inspected, names), key=lambda container: container.name)),
            strangers=tuple(self._strangers(others, ours)),
            networks=tuple(_network(entry) for entry in lists.networks),
            volumes=tuple(_volume(entry) for entry in lists.volumes),
            tags={
                tag: image.config_digest
                for image in lists.images
                for tag in (*(image.repo_tags or ()), *(image.repo_digests or ()))
            },
            images=frozenset(image.config_digest for image in lists.images),
        )

    def describe(self, spec: ContainerSpec) -> Fields:
        """The normal form of the create body, completed with the image's own defaults."""
        wanted = container_body(spec, api_version=self._docker.api_version)
        return self._judged(normal_form(complete_body(joined_body(wanted), self._image_config(spec.image))))

    def describe_network(self, spec: NetworkSpec) -> Fields:
        """The normal form of a network's create body."""
        return network_form(convert(network_body(spec, None, api_version=self._docker.api_version), Network))

    def describe_volume(
        self, spec: VolumeSpec, *, layers: Sequence[str] = (), mountpoints: Mapping[str, str] = NO_PLACES
    ) -> Fields:
        """The normal form of a volume's create body."""
        options = (clone_options(layers, mountpoints) or {}) if layers else {}
        return volume_form(convert(volume_body(as_shown(spec, layers, options) if layers else spec), Volume))

    def file_changes(self, containers: Sequence[str]) -> Mapping[str, tuple[FileChange, ...]]:
        """Examine several containers at the same time."""

        def look(container: str) -> tuple[FileChange, ...] | None:
            try:
                found = list_changes(self._docker, container)
            except (ObjectNotFoundError, ConflictError):  # gone, or going
                return None
            return judged_changes(found) if self._is_podman else found

        found = zip(containers, in_parallel(look, containers), strict=True)
        return {container: changed for container, changed in found if changed is not None}

    def rewritten_files(self, changes: Mapping[str, Sequence[FileChange]]) -> Mapping[str, tuple[FileChange, ...]]:
        """Of several containers at the same time; each image is read once, and only where it has to be."""
        comparison = ContentComparison(self._docker)
        containers = list(changes)
        found = in_parallel(lambda container: comparison.rewritten(container, changes[container]), containers)
        return dict(zip(containers, found, strict=True))

    def file_digests(self, container: str, paths: Sequence[str]) -> Mapping[str, str]:
        """Read several paths at the same time."""

        def look(path: str) -> str | None:
            try:
                return file_digest(self._docker, container, path)
            except (ObjectNotFoundError, ConflictError):
                return None

        found = zip(paths, in_parallel(look, paths), strict=True)
        return {path: digest for path, digest in found if digest is not None}

    def past_events(self, since: datetime) -> tuple[EngineHappening, ...]:
        """What the engine still knows of, but for what it did itself when it was started again after a crash."""
        started = engine_started(self._docker)
        return list_past_events(self._docker, max(since, started) if started else since)

    def watch_events(self, since: datetime | None = None) -> Stream[Sequence[EngineHappening]]:
        """What happens from now on."""
        return GatheredStream([open_happenings(self._docker, since)], name="previewer-touches")

    def _examined(
        self, inspected: Sequence[tuple[Container, RawContainer] | None], names: Mapping[str, str]
    ) -> Iterator[ExaminedContainer]:
        for entry, raw in filter(None, inspected):
            fields = normal_form(shaped_as_body(raw), container=entry.id, names=names)
            if (found := read_examined(entry, self._judged(fields), self._docker.clock)) is not None:
                yield found

    def _strangers(self, others: Sequence[ListedContainer], ours: Sequence[ListedContainer]) -> Iterator[Stranger]:
        """A list tells of networks and volumes; those that may have joined a process's namespace are inspected."""
        oldest = min((one.created for one in ours), default=None)
        # What was made before ours cannot have been made to join them.
        young = [one.id for one in others if oldest is not None and one.created >= oldest][:MOST_INSPECTED]
        inspected = in_parallel(lambda identifier: find_container(self._docker, identifier), young)
        known = dict(zip(young, inspected, strict=True))
        return (read_stranger(entry, known.get(entry.id)) for entry in others)

    def _judged(self, fields: Fields) -> Fields:
        return judged_fields(fields) if self._is_podman else fields

    def _image_config(self, image: str) -> JsonObject:
        """An image never changes: asked for once."""
        with self._lock:
            if image not in self._image_configs:
                self._image_configs[image] = image_config(self._docker, image)
            return self._image_configs[image]


def in_parallel(call: Callable[[Subject], Result], subjects: Sequence[Subject]) -> list[Result]:
    """``call`` of each, in their order, a few at a time, in daemon threads."""
    found: dict[int, Result] = {}
    waiting = iter(enumerate(subjects))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                entry = next(waiting, None)
            if entry is None:
                return
            found[entry[0]] = call(entry[1])

    workers: list[Future[None]] = [
        begin(work, name="previewer-examine") for _number in range(min(PARALLEL, len(subjects)))
    ]
    for worker in workers:
        worker.result()
    return [found[number] for number in range(len(subjects))]


def _belongs(entry: ListedContainer, installation: str, environment: str) -> bool:
    said = entry.labels or {}
    is_ours = said.get(labels.MANAGED_BY) == labels.MANAGED_BY_VALUE
    is_here = environment in ("", said.get(labels.ENVIRONMENT))
    return is_ours and is_here and said.get(labels.INSTALLATION) == installation


def _network(entry: Network) -> ExaminedNetwork:
    return ExaminedNetwork(
        id=entry.id,
        name=entry.name,
        ownership=labels.read_ownership(entry.labels or {}),
        subnets=subnets_of(entry),
        binding=binding_of(entry),
        fields=network_form(entry),
    )


def _volume(entry: Volume) -> ExaminedVolume:
    return ExaminedVolume(
        name=entry.name,
        ownership=labels.read_ownership(entry.labels or {}),
        mountpoint=entry.mountpoint,
        fields=volume_form(entry),
    )


class DockerDebugger:
    """An engine behind the Docker API, as :class:`previewer.engine.examiner.Debugger` uses it."""

    def __init__(self, connection: DockerConnection) -> None:
        self._docker = connection

    def read_volume(self, volume: str, *, image: str, labels: Mapping[str, str]) -> Iterator[bytes]:
        """What a volume holds, as a tar stream."""
        return read_volume(self._docker, volume, image=image, labels=labels)

    def run(self, container: str, *, terminal: bool, mask: Callable[[str], str] | None) -> int:
        """Start it and be its terminal; its exit code."""
        return run_attached(self._docker, container, terminal=terminal, mask=mask)
