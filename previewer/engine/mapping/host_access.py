"""Devices, namespaces and security options: what a container gets of its host."""

from __future__ import annotations

from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Part, Raw, filled, malformed, unsupported

CDI_DRIVER = "cdi"
"""Of the Container Device Interface: devices called ``vendor.com/device=name``."""


def map_devices(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``devices``, ``gpus`` and ``deploy.resources.reservations.devices``."""
    del api_version
    devices = [as_object(entry) for entry in as_list(spec.compose.get("devices"))]
    cdi: list[JsonValue] = [device["source"] for device in devices if _is_cdi(device)]
    reservations = as_object(as_object(as_object(spec.compose.get("deploy")).get("resources")).get("reservations"))
    requests = [_request(as_object(entry), ()) for entry in as_list(reservations.get("devices"))]
    requests += [_request(as_object(entry), ("gpu",)) for entry in as_list(spec.compose.get("gpus"))]
    if cdi:
        requests.append({"Driver": CDI_DRIVER, "DeviceIDs": cdi})
    plain = [_device(device) for device in devices if not _is_cdi(device)]
    return Part(host=filled(Devices=plain, DeviceRequests=requests))


def _is_cdi(device: JsonObject) -> bool:
    source = as_text(device.get("source"))
    return "=" in source and not source.startswith("/")


def _device(device: JsonObject) -> JsonValue:
    source = values.text(device.get("source"))
    return {
        "PathOnHost": source,
        "PathInContainer": as_text(device.get("target")) or source,
        "CgroupPermissions": as_text(device.get("permissions")) or "rwm",
    }


def _request(entry: JsonObject, extra: tuple[str, ...]) -> JsonValue:
    return {
        "Driver": as_text(entry.get("driver")),
        "Count": values.integer(entry.get("count") or 0),
        "DeviceIDs": list(as_list(entry.get("device_ids"))),
        "Capabilities": [[*as_list(entry.get("capabilities")), *extra]],
        "Options": values.text_map(entry.get("options") or {}),
    }


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


SYSTEM_PATHS = ("systempaths=unconfined", "systempaths:unconfined")


def map_security(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``security_opt``. ``systempaths=unconfined`` is no option of the engine: it empties two lists instead."""
    del api_version
    options = [values.text(entry) for entry in as_list(spec.compose.get("security_opt"))]
    for option in options:
        _refuse_profile_file(spec, option)
    kept: list[JsonValue] = [option for option in options if option not in SYSTEM_PATHS]
    host: Raw = filled(SecurityOpt=kept)
    if len(kept) != len(options):
        host |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return Part(host=host)


def _refuse_profile_file(spec: ContainerSpec, option: str) -> None:
    """The engine takes a profile's text, and the file is not on its host."""
    name = option.partition("=")[2] if option.startswith("seccomp=") else option.partition(":")[2]
    if (
        not option.startswith(("seccomp=", "seccomp:"))
        or name in ("unconfined", "builtin")
        or name.startswith("{")
    ):
        return
    raise unsupported(
        spec, "security_opt", f"the seccomp profile {name!r} is a file", hint="put the profile's JSON in its place"
    )
