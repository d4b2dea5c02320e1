"""Values that the tests of decisions start from, and hypothesis strategies for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.deploy.target import Target
from previewer.domain.engine.observation import (
    ContainerState,
    Health,
    Observation,
    ObservedContainer,
    ObservedNetwork,
    ObservedVolume,
    PublishedPort,
)
from previewer.domain.environment.host_ports import PortKey
from previewer.domain.json_value import JsonValue
from previewer.domain.labels import Ownership
from previewer.domain.release.release import Artifact

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
COMMIT = "c0ffee" + "0" * 34


def make_ownership(
    environment: str = "shop-main", *, generation: int = 1, operation: str = "op1", branch: str | None = "main"
) -> Ownership:
    return Ownership(
        installation="0123456789abcdef",
        project="shop",
        environment=environment,
        role=Role.PREVIEW,
        generation=generation,
        branch=branch,
        commit=COMMIT,
        release="sha256:" + "ab" * 32,
        owner="ada@laptop",
        created_at=NOW,
        expires_at=None,
        operation=operation,
    )


def make_definition(services: Mapping[str, JsonValue], **top: JsonValue) -> Definition:
    model: dict[str, JsonValue] = {"name": "shop", "services": services, "networks": {"default": {}}, **top}
    return Definition(name="preview", role=Role.PREVIEW, files=("envs/preview.yaml",), model=model)


def make_artifact(seed: str) -> Artifact:
    return Artifact(image="sha256:" + seed.ljust(64, "0"), platform="linux/amd64", origin="engine", reference=seed)


def make_target(definition: Definition, *, ports: Mapping[PortKey, int] | None = None) -> Target:
    return Target(
        ownership=make_ownership(),
        definition=definition,
        artifacts={name: make_artifact(f"{index:x}a") for index, name in enumerate(definition.services)},
        ports=ports or {},
        address_pool="10.213.0.0/16",
        prefix_length=28,
    )


def make_container(
    service: str,
    *,
    owner: Ownership | None = None,
    state: ContainerState = ContainerState.RUNNING,
    health: Health = Health.NONE,
    exit_code: int | None = None,
    ports: tuple[PublishedPort, ...] = (),
) -> ObservedContainer:
    ownership = replace(owner or make_ownership(), service=service)
    return ObservedContainer(
        id=f"id-{ownership.environment}-{service}",
        name=f"{ownership.environment}-g{ownership.generation}-{service}-1",
        number=1,
        image="sha256:" + "1" * 64,
        state=state,
        health=health,
        exit_code=exit_code,
        created_at=NOW,
        ports=ports,
        ownership=ownership,
        networks=(f"{ownership.environment}-g{ownership.generation}_default",),
    )


def make_observation(*services: str, owner: Ownership | None = None) -> Observation:
    ownership = owner or make_ownership()
    prefix = f"{ownership.environment}-g{ownership.generation}"
    return Observation(
        containers=tuple(make_container(service, owner=ownership) for service in services),
        networks=(
            ObservedNetwork(id=f"n-{prefix}", name=f"{prefix}_default", key="default", ownership=ownership),
        ),
        volumes=(ObservedVolume(name=f"{prefix}_data", key="data", ownership=ownership),),
    )


whole_seconds = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda timestamp: timestamp.replace(microsecond=0, tzinfo=UTC)
)
ownerships = st.builds(
    Ownership,
    installation=st.text(min_size=1),
    project=st.text(min_size=1),
    environment=st.text(min_size=1),
    role=st.sampled_from(Role),
    generation=st.integers(min_value=1, max_value=10**6),
    branch=st.none() | st.text(min_size=1),
    commit=st.text(min_size=1),
    release=st.text(min_size=1),
    owner=st.text(min_size=1),
    created_at=whole_seconds,
    expires_at=st.none() | whole_seconds,
    operation=st.text(min_size=1),
    service=st.none() | st.text(min_size=1),
    definition=st.none() | st.text(min_size=1),
    engine_ahead=st.integers(min_value=-(10**9), max_value=10**9),
)
