"""A service of Compose as the body that would be sent."""

from __future__ import annotations

from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonObject, as_object
from previewer.engine.mapping.container import ContainerBody, container_body

OLD, NEW = (1, 41), (1, 51)


def spec_of(compose: JsonObject) -> ContainerSpec:
    return ContainerSpec(
        name="e-g1-web-1",
        service="web",
        image="sha256:1",
        platform="linux/amd64",
        labels={"own": "label"},
        compose=compose,
        networks={"default": "e-g1_default", "back": "e-g1_back"},
        volumes={"data": "e-g1_data"},
        containers={"db": "e-g1-db-1"},
        contents={"secrets/s": b"secret", "configs/c": b"config"},
    )


def mapped(compose: JsonObject, api_version: tuple[int, int] = NEW) -> ContainerBody:
    return container_body(spec_of(compose), api_version=api_version)


def host_of(compose: JsonObject, api_version: tuple[int, int] = NEW) -> JsonObject:
    """The ``HostConfig`` without the network mode that every container has."""
    host = dict(as_object(mapped(compose, api_version).body["HostConfig"]))
    if host["NetworkMode"] == "none":
        del host["NetworkMode"]
    return host
