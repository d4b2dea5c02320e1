"""Keys that must not stand together, where the schema cannot say so (compose-go ``validation``)."""

from __future__ import annotations

from previewer.definition.defaults import reserved_devices
from previewer.definition.model_error import ModelError
from previewer.definition.short_syntax.ports import check_ip_address
from previewer.definition.values import Table, as_table, as_tables, named_tables

CONTENT_KEYS = {"configs": ("file", "environment", "content"), "secrets": ("file", "environment")}
"""By section: where the content of a resource may come from."""


def check_exclusive_keys(model: Table) -> None:
    """Raises :class:`ModelError` with the place for resources, ports and devices that contradict themselves."""
    for name, volume in named_tables(model, "volumes"):
        if volume.get("external") is True:
            for key in volume:
                if key not in ("name", "external") and not key.startswith("x-"):
                    raise ModelError(f"an external volume has no {key!r}", path=("volumes", name, key))
    for section, keys in CONTENT_KEYS.items():
        for name, value in as_table(model.get(section)).items():
            _check_content(as_table(value), keys, (section, name))
    for name, service in named_tables(model, "services"):
        _check_service(name, service)


def _check_content(resource: Table, keys: tuple[str, ...], path: tuple[str, str]) -> None:
    written = [key for key in keys if key in resource]
    if len(written) > 1:
        raise ModelError(f"only one of {', '.join(keys)} may be set", path=path)
    if not written and not resource.keys() & {"driver", "external"}:
        raise ModelError(f"one of {', '.join(keys)} must be set", path=path)


def _check_service(name: str, service: Table) -> None:
    for index, port in enumerate(as_tables(service.get("ports"))):
        if "host_ip" in port:
            try:
                check_ip_address(str(port["host_ip"]))
            except ModelError as error:
                raise error.under("services", name, "ports", str(index)) from error
    for volume in as_tables(service.get("volumes")):
        if volume.get("type") == "bind" and "source" not in volume:
            raise ModelError("a bind mount needs a source", path=("services", name, "volumes"))
    for device in reserved_devices(service):
        if "count" in device and "device_ids" in device:
            raise ModelError("a device has either 'count' or 'device_ids'", path=("services", name))
