"""Close looks at a Docker engine, copies of data, and shells."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import TypeVar

from previewer.background import begin
from previewer.docker_api import examine
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.events import list_past_events, open_happenings
from previewer.docker_api.file_changes import ContentComparison, file_digest, list_changes
from previewer.docker_api.gathered_stream import GatheredStream
from previewer.docker_api.machine import engine_started
from previewer.docker_api.reading import read_examined, read_labels, read_stranger, shaped_as_body
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
from previewer.domain.json_value import JsonObject, as_integer, as_list, as_text
from previewer.domain.naming import named_digest
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
        lists = examine.list_everything(docker)
        names = examine.names_of(lists)
        ours = [entry for entry in lists.containers if _belongs(entry, installation, environment)]
        inspected = in_parallel(lambda entry: examine.inspect_raw(docker, as_text(entry.get("Id"))), ours)
        return Examination(
            containers=tuple(sorted(self._examined(inspected, names), key=lambda container: container.name)),
            strangers=tuple(self._strangers([entry for entry in lists.containers if entry not in ours], ours)),
            networks=tuple(_network(entry) for entry in lists.networks),
            volumes=tuple(_volume(entry) for entry in lists.volumes),
            tags={
                as_text(tag): _config_digest(image)
                for image in lists.images
                for tag in (*as_list(image.get("RepoTags")), *as_list(image.get("RepoDigests")))
            },
            images=frozenset(_config_digest(image) for image in lists.images),
        )

    def describe(self, spec: ContainerSpec) -> Fields:
        """The normal form of the create body, completed with the image's own defaults."""
        wanted = container_body(spec, api_version=self._docker.api_version)
        return self._judged(normal_form(complete_body(joined_body(wanted), self._image_config(spec.image))))

    def describe_network(self, spec: NetworkSpec) -> Fields:
        """The normal form of a network's create body."""
        return network_form(network_body(spec, None, api_version=self._docker.api_version))

    def describe_volume(
        self, spec: VolumeSpec, *, layers: Sequence[str] = (), mountpoints: Mapping[str, str] = NO_PLACES
    ) -> Fields:
        """The normal form of a volume's create body."""
        options = (clone_options(layers, mountpoints) or {}) if layers else {}
        return volume_form(volume_body(as_shown(spec, layers, options) if layers else spec))

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
        self, inspected: Sequence[JsonObject | None], names: Mapping[str, str]
    ) -> Iterator[ExaminedContainer]:
        for entry in inspected:
            if entry is None:
                continue
            fields = normal_form(shaped_as_body(entry), container=as_text(entry.get("Id")), names=names)
            if (found := read_examined(entry, self._judged(fields), self._docker.clock)) is not None:
                yield found

    def _strangers(self, others: Sequence[JsonObject], ours: Sequence[JsonObject]) -> Iterator[Stranger]:
        """A list tells of networks and volumes; those that may have joined a process's namespace are inspected."""
        young = [as_text(entry.get("Id")) for entry in others if _is_younger(entry, ours)][:MOST_INSPECTED]
        inspected = in_parallel(lambda identifier: examine.inspect_raw(self._docker, str(identifier)), young)
        known = dict(zip(young, inspected, strict=True))
        return (read_stranger(entry, known.get(as_text(entry.get("Id")))) for entry in others)

    def _judged(self, fields: Fields) -> Fields:
        return judged_fields(fields) if self._is_podman else fields

    def _image_config(self, image: str) -> JsonObject:
        """An image never changes: asked for once."""
        with self._lock:
            if image not in self._image_configs:
                self._image_configs[image] = examine.inspect_image_config(self._docker, image)
            return self._image_configs[image]


def in_parallel(call: Callable[..., Result], subjects: Sequence[object]) -> list[Result]:
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


def _belongs(entry: JsonObject, installation: str, environment: str) -> bool:
    said = read_labels(entry.get("Labels"))
    is_ours = said.get(labels.MANAGED_BY) == labels.MANAGED_BY_VALUE
    is_here = environment in ("", said.get(labels.ENVIRONMENT))
    return is_ours and is_here and said.get(labels.INSTALLATION) == installation


def _config_digest(image: JsonObject) -> str:
    """A listed image's config digest: on engines whose ids are something else, a tag has it."""
    named = (named_digest(as_text(tag)) for tag in as_list(image.get("RepoTags")))
    return next((digest for digest in named if digest), as_text(image.get("Id")))


def _is_younger(entry: JsonObject, ours: Sequence[JsonObject]) -> bool:
    """Whether it can have been made to join one of ours."""
    oldest = min((as_integer(one.get("Created")) for one in ours), default=None)
    return oldest is not None and as_integer(entry.get("Created")) >= oldest


def _network(entry: JsonObject) -> ExaminedNetwork:
    return ExaminedNetwork(
        id=as_text(entry.get("Id")),
        name=as_text(entry.get("Name")),
        ownership=labels.read_ownership(read_labels(entry.get("Labels"))),
        subnets=subnets_of(entry),
        binding=binding_of(entry),
        fields=network_form(entry),
    )


def _volume(entry: JsonObject) -> ExaminedVolume:
    return ExaminedVolume(
        name=as_text(entry.get("Name")),
        ownership=labels.read_ownership(read_labels(entry.get("Labels"))),
        mountpoint=as_text(entry.get("Mountpoint")),
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
