"""Devices, namespaces and security options: what a container gets of its host."""

from __future__ import annotations

from previewer.domain.compose.service import OF_SERVICE, Device, DeviceRequest
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonValue
from previewer.engine.mapping.part import Part, Raw, filled, malformed, unsupported

CDI_DRIVER = "cdi"
"""Of the Container Device Interface: devices called ``vendor.com/device=name``."""


def map_devices(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``devices``, ``gpus`` and ``deploy.resources.reservations.devices``."""
    del api_version
    service = spec.declared
    cdi: list[JsonValue] = [device.source for device in service.devices if _is_cdi(device)]
    requests = [_request(entry, ()) for entry in service.deploy.resources.reservations.devices]
    requests += [_request(entry, ("gpu",)) for entry in service.gpus]
    if cdi:
        requests.append({"Driver": CDI_DRIVER, "DeviceIDs": cdi})
    plain = [_device(device) for device in service.devices if not _is_cdi(device)]
    return Part(host=filled(Devices=plain, DeviceRequests=requests))


def _is_cdi(device: Device) -> bool:
    return "=" in device.source and not device.source.startswith("/")


def _device(device: Device) -> JsonValue:
    return {
        "PathOnHost": device.source,
        "PathInContainer": device.target or device.source,
        "CgroupPermissions": device.permissions or "rwm",
    }


def _request(entry: DeviceRequest, extra: tuple[str, ...]) -> JsonValue:
    return {
        "Driver": entry.driver,
        "Count": entry.count,
        "DeviceIDs": [*entry.device_ids],
        "Capabilities": [[*entry.capabilities, *extra]],
        "Options": entry.options,
    }


OF_CONTAINER = "container:"


def map_namespaces(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``network_mode``, ``ipc`` and ``pid``; ``service:x`` becomes the first container of ``x``."""
    del api_version
    service = spec.declared
    modes = {
        "IpcMode": _resolve(spec, "ipc", service.ipc),
        "PidMode": _resolve(spec, "pid", service.pid),
        "NetworkMode": _resolve(spec, "network_mode", service.network_mode),
    }
    return Part(host=filled(**modes))


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
    options = spec.declared.security_opt
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
