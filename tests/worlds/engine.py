"""A workbench: an engine, and an environment of its own to make things in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from types import MappingProxyType

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from previewer.domain import labels, naming
from previewer.domain.engine.observation import Observation, ObservedContainer
from previewer.domain.engine.specs import ContainerSpec, NetworkSpec, VolumeSpec
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.labels import Ownership, ownership_labels
from previewer.engine.protocol import Engine, Selection
from tests.domain.values import make_ownership
from tests.engine.cast import CAST
from tests.eventually import eventually

ADDRESS_POOL = "10.214.0.0/16"
NOTHING: JsonObject = {}
_numbers = count(1)


class ContractFixture(Struct, frozen=True):
    """Makes specifications of one environment, and the objects too."""

    engine: Engine
    ownership: Ownership
    image: str
    extra_labels: Mapping[str, str]
    always_joined: Mapping[str, str] = field(default_factory=dict)
    """The networks, by key, of services of which nothing else is said: some engines know none without."""
    publish_at: str = "127.0.0.1"
    """The host address that ports are published at; they are seen at the loopback address."""
    defaults: JsonObject = field(default_factory=dict)
    """What services say of which nothing else is said."""

    @property
    def selection(self) -> Selection:
        return Selection(installation=self.ownership.installation, environment=self.ownership.environment)

    def needs(self, ability: str) -> None:
        """Skip the test where the engine says that it cannot."""
        if reason := self.engine.capabilities.missing.get(ability):
            pytest.skip(reason)

    def observe(self) -> Observation:
        return self.engine.observe(self.selection)

    def find(self, name: str) -> ObservedContainer:
        return next(container for container in self.observe().containers if container.name == name)

    def sibling(self, **changes: str) -> ContractFixture:
        """Another environment (or operation, …) on the same engine."""
        changed = {"environment": f"{self.ownership.environment}-{next(_numbers)}", **changes}
        return replace(
            self,
            ownership=replace(
                self.ownership,
                environment=changed["environment"],
                installation=changed.get("installation", self.ownership.installation),
                operation=changed.get("operation", self.ownership.operation),
            ),
        )

    def network_spec(self, key: str = "default", **compose: JsonValue) -> NetworkSpec:
        return NetworkSpec(
            name=naming.network_name(self.ownership.environment, 1, key),
            labels=self._labels({labels.COMPOSE_NETWORK: key}),
            compose=compose,
            address_pool=ADDRESS_POOL,
            prefix_length=28,
        )

    def volume_spec(self, key: str = "data") -> VolumeSpec:
        return VolumeSpec(
            name=naming.volume_name(self.ownership.environment, 1, key),
            labels=self._labels({labels.COMPOSE_VOLUME: key}),
            compose={},
        )

    def container_spec(self, service: str = "sleeper", number: int = 1, **compose: JsonValue) -> ContainerSpec:
        """A container of a service of the cast; without networks unless it is said."""
        actor = CAST[service.partition("-")[0]]
        environment = self.ownership.environment
        keys = compose.get("networks") or dict.fromkeys(self.always_joined)
        assert isinstance(keys, Mapping)
        merged: JsonObject = {**self.defaults, **actor.compose, **compose, **({"networks": keys} if keys else {})}
        return ContainerSpec(
            name=naming.container_name(environment, 1, service, number),
            service=service,
            image=self.image,
            platform="linux/amd64",
            labels={
                **self._labels({labels.COMPOSE_NUMBER: str(number), labels.COMPOSE_SERVICE: service}),
                labels.SERVICE: service,
            },
            compose=merged,
            networks={
                key: self.always_joined.get(key) or naming.network_name(environment, 1, key) for key in keys
            },
            volumes={key: naming.volume_name(environment, 1, key) for key in ("data",)},
            containers={name: naming.container_name(environment, 1, name, 1) for name in CAST},
        )

    def make_network(self, key: str = "default", **compose: JsonValue) -> str:
        spec = self.network_spec(key, **compose)
        self.engine.create_network(spec)
        return spec.name

    def make_volume(self, key: str = "data") -> str:
        spec = self.volume_spec(key)
        self.engine.create_volume(spec)
        return spec.name

    def make(self, service: str = "sleeper", number: int = 1, **compose: JsonValue) -> str:
        """Create a container; its name."""
        spec = self.container_spec(service, number, **compose)
        self.engine.create_container(spec)
        return spec.name

    def run(self, service: str = "sleeper", number: int = 1, **compose: JsonValue) -> str:
        """Create and start a container; its name."""
        name = self.make(service, number, **compose)
        self.engine.start_container(name)
        return name

    def await_end(self, name: str) -> None:
        eventually(lambda: self.engine.inspect_container(name).exit_code is not None, what=f"{name} ends")

    def clear(self) -> None:
        """Remove everything of every environment that was made from here."""
        found = self.engine.observe(Selection(operation=self.ownership.operation))
        for container in found.containers:
            self.engine.remove_container(container.name)
        for network in found.networks:
            self.engine.remove_network(network.name)
        for volume in found.volumes:
            self.engine.remove_volume(volume.name)
        assert self.engine.observe(Selection(operation=self.ownership.operation)).is_empty

    def _labels(self, extra: Mapping[str, str]) -> dict[str, str]:
        return {**ownership_labels(self.ownership), **self.extra_labels, **extra}


def make_bench(
    engine: Engine,
    *,
    session: str,
    image: str,
    extra_labels: Mapping[str, str],
    always_joined: Mapping[str, str] = MappingProxyType({}),
    publish_at: str = "127.0.0.1",
    defaults: JsonObject = NOTHING,
) -> ContractFixture:
    """A bench with an environment and an operation that no other test has."""
    number = next(_numbers)
    ownership = replace(
        make_ownership(f"t{session}-{number}", operation=f"op-{session}-{number}"),
        installation=f"test-{session}",
        created_at=datetime.now(UTC).replace(microsecond=0),
    )
    return ContractFixture(engine, ownership, image, extra_labels, always_joined, publish_at, defaults)
