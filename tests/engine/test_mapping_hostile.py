"""What the mapping makes of every definition of the tables, had the policy let it pass, on old and new engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.log_bound import FILE_DRIVERS, LOG_BYTES
from previewer.domain.compose.served_files import serve_files
from previewer.domain.deploy.target import Target, container_spec, network_specs, volume_specs
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.isolation.isolate import isolate
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.labels import RESTART, Ownership, is_reserved
from previewer.domain.units import parse_memory
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.networks import network_body, volume_body
from previewer.errors import PreviewerError
from tests.definition.trees import load_text, tree_of
from tests.domain.harmless_definitions import HARMLESS
from tests.domain.hostile_definitions import HOSTILE

VOLUMES = "/engine/volumes"
SERVED = re.compile(rf"{VOLUMES}/(previewer-files/_data/commit/.+|previewer-files-of-\w+/_data/commit/conf)")
VERSIONS = ((1, 41), (1, 51))
TEXTS = (*(text for _rule, text in HOSTILE), *HARMLESS)
OWNER = Ownership(
    installation="i",
    project="p",
    environment="p-x",
    role=Role.PREVIEW,
    generation=1,
    branch="x",
    commit="c",
    release="r",
    owner="ada",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    expires_at=None,
    operation="o",
)


def target_of(written: Definition) -> Target:
    isolated = isolate(written, role=Role.PREVIEW).definition
    tree = tree_of({"conf": "", "src/x": "", "x/y": ""})
    served = serve_files(isolated, ["./conf", "./src", "./x"], lambda: tree).definition
    return Target(OWNER, served, artifacts={}, ports={}, address_pool="10.0.0.0/16", prefix_length=28)


def bodies_of(target: Target, version: tuple[int, int]) -> Iterator[tuple[ContainerSpec, JsonObject]]:
    """The bodies of the containers that the mapping does not refuse."""
    for service in target.definition.services.values():
        places = {key: f"{VOLUMES}/{key}/_data" for key in target.definition.volumes}
        contents = {f"{kind}/{key}": b"" for kind in ("secrets", "configs") for key in ("key", "file", "c")}
        spec = replace(container_spec(target, service, 1), mountpoints=places, contents=contents)
        try:
            yield spec, container_body(spec, api_version=version).body
        except PreviewerError:
            continue


@pytest.mark.parametrize("version", VERSIONS, ids=("old", "new"))
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_mapping_gives_away_host_paths_labels_or_endless_logs(text: str, version: tuple[int, int]) -> None:
    written = load_text(text)
    asked = {
        as_text(as_object(mount).get("source"))
        for service in written.services.values()
        for mount in as_list(service.spec.get("volumes"))
    }
    target = target_of(written)
    for spec, body in bodies_of(target, version):
        host = as_object(body["HostConfig"])
        sources = [as_text(bind).split(":")[0] for bind in as_list(host.get("Binds"))]
        sources += [as_text(as_object(m).get("Source")) for m in as_list(host.get("Mounts"))]
        paths = {source for source in sources if source.startswith("/")}
        assert {path for path in paths if not SERVED.fullmatch(path)} <= asked
        assert _reserved(body.get("Labels")) == {**spec.labels, RESTART: as_object(body["Labels"])[RESTART]}
        for mount in map(as_object, as_list(host.get("Mounts"))):
            assert not _reserved(as_object(mount.get("VolumeOptions")).get("Labels"))
        logging = as_object(host.get("LogConfig"))
        if logging["Type"] in FILE_DRIVERS:
            options = as_object(logging["Config"])
            assert (
                int(as_text(options["max-file"])) * parse_memory(as_text(options["max-size"])) <= LOG_BYTES * 1.1
            )


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_networks_and_volumes_bear_no_reserved_label_but_previewer_s(text: str) -> None:
    target = target_of(load_text(text))
    for _key, volume in volume_specs(target):
        with suppress(PreviewerError):
            assert _reserved(volume_body(volume).get("Labels")) == dict(volume.labels)
    for _name, network in network_specs(target):
        for version in VERSIONS:
            with suppress(PreviewerError):
                body = network_body(network, None, api_version=version)
                assert _reserved(body.get("Labels")) == dict(network.labels)


def _reserved(labels: JsonValue) -> dict[str, JsonValue]:
    return {key: value for key, value in as_object(labels).items() if is_reserved(key)}
