"""The create body of a container."""

from __future__ import annotations

from msgspec import Struct

from previewer.domain.compose.service import restart_text
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.labels import RESTART
from previewer.engine.mapping.fields import CONFIG_FIELDS, HOST_FIELDS, check_keys, map_fields
from previewer.engine.mapping.host_access import map_devices, map_namespaces, map_security
from previewer.engine.mapping.mounts import CopiedFile, copied_files, map_mounts
from previewer.engine.mapping.networks import Joined, joined_networks, map_ports
from previewer.engine.mapping.part import Part, Raw, Section, filled, malformed, merge_labels
from previewer.engine.mapping.resources import map_blkio, map_deploy, map_health

SEVERAL_NETWORKS_SINCE = (1, 44)
"""Older engines take one network at creation; the others are joined before the start."""


class ContainerBody(Struct, frozen=True):
    """Everything that makes a container, in the words of the Engine API."""

    name: str
    platform: str
    body: Raw
    """The body of ``POST /containers/create``."""
    later_networks: tuple[Joined, ...]
    """To be joined between creation and start."""
    files: tuple[CopiedFile, ...]
    """To be copied in between creation and start."""


def container_body(spec: ContainerSpec, *, api_version: tuple[int, int]) -> ContainerBody:
    """Map a container for an engine of ``api_version``.

    Raises :class:`UnsupportedError` for a key that cannot be honoured and :class:`EngineError` for a value that
    makes no sense; both name the service and the key.
    """
    check_keys(spec, spec.compose)
    host: Raw = {}
    config: Raw = {"Image": spec.image}
    for section in (_map_fields, *SECTIONS):
        part = _mapped(section, spec, api_version)
        config |= part.config
        host |= part.host
    said = merge_labels(spec.declared.labels, spec.labels, where=f"service {spec.service}")
    config["Labels"] = {**said, RESTART: restart_text(host.get("RestartPolicy"))}
    networks = _networks(spec, api_version)
    first, later = (networks, ()) if api_version >= SEVERAL_NETWORKS_SINCE else (networks[:1], networks[1:])
    host.setdefault("NetworkMode", networks[0].network if networks else "none")
    endpoints: Raw = {joined.network: joined.endpoint for joined in first}
    body: Raw = {**config, "HostConfig": host}
    if endpoints:
        body["NetworkingConfig"] = {"EndpointsConfig": endpoints}
    return ContainerBody(spec.name, spec.platform, body, later, copied_files(spec))


def _map_fields(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    return Part(
        config=map_fields(CONFIG_FIELDS, spec, api_version), host=map_fields(HOST_FIELDS, spec, api_version)
    )


def _map_mac_address(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """Older engines take it for the container, newer ones for its endpoint on a network."""
    address = spec.declared.mac_address if api_version < SEVERAL_NETWORKS_SINCE else ""
    return Part(config=filled(MacAddress=address))


def _map_stdin(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    del api_version
    return Part(config={"StdinOnce": True} if spec.declared.stdin_once else {})


def _mapped(section: Section, spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    try:
        return section(spec, api_version)
    except ValueError as error:
        raise malformed(spec, section.__name__.removeprefix("map_"), str(error)) from error


def _networks(spec: ContainerSpec, api_version: tuple[int, int]) -> tuple[Joined, ...]:
    try:
        return joined_networks(spec, api_version)
    except ValueError as error:
        raise malformed(spec, "networks", str(error)) from error


SECTIONS: tuple[Section, ...] = (
    map_health,
    map_ports,
    map_namespaces,
    map_mounts,
    map_devices,
    map_security,
    map_blkio,
    map_deploy,
    _map_mac_address,
    _map_stdin,
)
"""In order: ``deploy`` comes after the keys that it overrides."""
