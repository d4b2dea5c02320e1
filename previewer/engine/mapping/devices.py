"""Devices of the host and requests for devices, graphics processors above all."""

from __future__ import annotations

from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.specification import ContainerSpec
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Part, filled

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
