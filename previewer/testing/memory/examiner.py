"""Close looks at the engine in memory, copies of data, and shells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import convert

from previewer.docker_api.answers import Network, Volume
from previewer.domain import labels
from previewer.domain.drift.fields import ASKED_FIELD, NETWORKS, Fields, asked_text
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
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text
from previewer.engine.create_body import binding_of, complete_body, network_form, volume_form
from previewer.engine.examiner import NO_PLACES
from previewer.engine.mapping.clone_options import as_shown
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.networks import network_body, volume_body
from previewer.engine.normal_form import normal_form
from previewer.engine.protocol import Engine, Stream
from previewer.testing.memory.container import API_VERSION, MemoryContainer
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.stream import MemoryStream


class MemoryExaminer:
    """:class:`previewer.engine.examiner.Examiner` of :class:`MemoryEngine`."""

    def __init__(self, engine: Engine) -> None:
        """Examine ``engine``; an engine of any other class has nothing to see."""
        self._engine = engine if isinstance(engine, MemoryEngine) else MemoryEngine()
        self.fields: dict[str, dict[str, object]] = {}
        """Changed fields by container: fields of the normal form; ``None`` for one that is taken away."""
        self.changes: dict[str, tuple[FileChange, ...]] = {}
        """What is not as in the image, by container."""
        self.happenings: list[EngineHappening] = []
        self.digests: dict[str, str] = {}
        """What the engine knows of."""
        self.strangers: tuple[Stranger, ...] = ()
        self.looks: list[str] = []
        """The ids of containers whose files were looked at."""

    def examine(self, installation: str, *, environment: str = "") -> Examination:
        """Everything of one repository, or of one of its environments."""
        return Examination(
            containers=tuple(
                self._examined(container, owner)
                for container in self._engine.contents()[0]
                if (owner := container.ownership) is not None and owner.installation == installation
                if environment in ("", owner.environment)
            ),
            strangers=self.strangers,
            networks=tuple(self._network(spec) for spec in self._engine.contents()[1]),
            volumes=tuple(
                ExaminedVolume(spec.name, labels.read_ownership(spec.labels), "", self.describe_volume(spec))
                for spec in self._engine.contents()[2]
            ),
        )

    def describe(self, spec: ContainerSpec) -> Fields:
        """The normal form of the create body; images say nothing."""
        wanted = container_body(spec, api_version=API_VERSION)
        return normal_form(complete_body(wanted.body, {}))

    def describe_network(self, spec: NetworkSpec) -> Fields:
        """The normal form of a network's create body."""
        return network_form(convert(network_body(spec, None, api_version=API_VERSION), Network))

    def describe_volume(
        self, spec: VolumeSpec, *, layers: Sequence[str] = (), mountpoints: Mapping[str, str] = NO_PLACES
    ) -> Fields:
        """The normal form of a volume's create body; nothing is anywhere."""
        del mountpoints
        return volume_form(convert(volume_body(as_shown(spec, layers, {}) if layers else spec), Volume))

    def file_changes(self, containers: Sequence[str]) -> Mapping[str, tuple[FileChange, ...]]:
        """What a test says."""
        self.looks.extend(containers)
        names = {container.id: container.spec.name for container in self._engine.contents()[0]}
        return {i: self.changes.get(names[i], ()) for i in containers if i in names}

    def rewritten_files(self, changes: Mapping[str, Sequence[FileChange]]) -> Mapping[str, tuple[FileChange, ...]]:
        """None: ``changes`` are whatever was said."""
        return dict.fromkeys(changes, ())

    def file_digests(self, container: str, paths: Sequence[str]) -> Mapping[str, str]:
        """What :attr:`digests` says of paths, whatever the container."""
        del container
        return {path: self.digests[path] for path in paths if path in self.digests}

    def past_events(self, since: datetime) -> tuple[EngineHappening, ...]:
        """What a test says, since then."""
        return tuple(event for event in self.happenings if event.at >= since)

    def watch_events(self, since: datetime | None = None) -> Stream[Sequence[EngineHappening]]:
        """What a test says, and then the end."""
        stream = MemoryStream([event for event in self.happenings if since is None or event.at >= since])
        stream.finish()
        return stream

    def _examined(self, container: MemoryContainer, owner: labels.Ownership) -> ExaminedContainer:
        spec = container.spec
        made = self.describe(spec)
        joined = {NETWORKS + name: made.get(NETWORKS + name, {}) for name in container.networks}
        changed = {**made, **joined, ASKED_FIELD: f"={asked_text(made)}", **self.fields.get(spec.name, {})}
        host = as_object(container_body(spec, api_version=API_VERSION).body.get("HostConfig"))
        return ExaminedContainer(
            id=container.id,
            name=spec.name,
            number=container.number,
            ownership=owner,
            is_one_off=spec.labels.get(labels.COMPOSE_ONEOFF) == "True",
            state=container.state,
            exit_code=container.exit_code if container.has_ended else None,
            created_at=container.created_at,
            started_at=None,
            restarts=0,
            out_of_memory=container.has_ended and container.behaviour.out_of_memory,
            commands=0,
            fields={name: value for name, value in changed.items() if value is not None},  # type: ignore[misc]
            volumes=frozenset(container.spec.volumes.values()),
            mounted=frozenset(),
            host_ports=_host_ports(as_object(host.get("PortBindings"))),
            names=labels.read_names(spec.labels),
        )

    def _network(self, spec: NetworkSpec) -> ExaminedNetwork:
        subnet = self._engine.subnets.get(spec.name)
        return ExaminedNetwork(
            id=spec.name,
            name=spec.name,
            ownership=labels.read_ownership(spec.labels),
            subnets=(str(subnet),) if subnet else (),
            binding=binding_of(convert(network_body(spec, None, api_version=API_VERSION), Network)),
            fields=self.describe_network(spec),
        )


def _host_ports(bindings: JsonObject) -> Mapping[str, tuple[int, ...]]:
    return {
        port: tuple(
            int(as_text(as_object(one).get("HostPort")))
            for one in as_list(entries)
            if as_text(as_object(one).get("HostPort")).isdecimal()
        )
        for port, entries in bindings.items()
    }


class MemoryDebugger:
    """:class:`previewer.engine.examiner.Debugger` without an engine."""

    def __init__(self, engine: Engine, *, exit_code: int = 0) -> None:
        self._engine = engine
        self._exit_code = exit_code
        self.ran: list[str] = []
        """The containers that were run, in order."""

    def read_volume(self, volume: str, *, image: str, labels: Mapping[str, str]) -> Iterator[bytes]:
        """Its name."""
        del image, labels
        yield volume.encode()

    def run(self, container: str, *, terminal: bool, mask: Callable[[str], str] | None) -> int:
        """Start it; it ends as the debugger was made to say."""
        del terminal, mask
        self._engine.start_container(container)
        self.ran.append(container)
        return self._exit_code
