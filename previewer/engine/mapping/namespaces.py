"""Namespaces that a container shares with another one or with the host."""

from __future__ import annotations

from previewer.domain.specification import ContainerSpec
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Part, Raw, malformed

OF_SERVICE = "service:"
OF_CONTAINER = "container:"
_MODES = (("ipc", "IpcMode"), ("pid", "PidMode"), ("network_mode", "NetworkMode"))


def map_namespaces(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``network_mode``, ``ipc`` and ``pid``; ``service:x`` becomes the first container of ``x``."""
    del api_version
    host: Raw = {}
    for key, engine_key in _MODES:
        if spec.compose.get(key):
            host[engine_key] = _resolve(spec, key, values.text(spec.compose[key]))
    return Part(host=host)


def container_of(spec: ContainerSpec, key: str, service: str) -> str:
    """The engine's name of a service's first container."""
    if service not in spec.containers:
        raise malformed(spec, key, f"there is no service {service!r} in this environment")
    return spec.containers[service]


def _resolve(spec: ContainerSpec, key: str, mode: str) -> str:
    if not mode.startswith(OF_SERVICE):
        return mode
    return OF_CONTAINER + container_of(spec, key, mode.removeprefix(OF_SERVICE))
