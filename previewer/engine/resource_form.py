"""The normal form of networks and volumes: of what is asked for, and of what an engine lists."""

from __future__ import annotations

from previewer.domain.drift.fields import LABELS
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.specification import HOST_BINDING_OPTION
from previewer.engine.normal_form import FOREIGN_LABELS

DEFAULT_DRIVERS = ("", "bridge", "local", "default")
UNJUDGED_OPTIONS = (
    HOST_BINDING_OPTION,  # another one for each generation; ports are judged by themselves
    "com.docker.network.enable_ipv4",  # newer engines' own
    "com.docker.network.enable_ipv6",
)


def network_form(entry: JsonObject) -> dict[str, JsonValue]:
    """The fields of a create body or of ``GET /networks``; not the subnet, which is chosen when it is made."""
    found: dict[str, JsonValue] = {
        "driver": _driver(entry),
        "internal": entry.get("Internal") is True,
        "attachable": entry.get("Attachable") is True,
        "enable_ipv6": entry.get("EnableIPv6") is True,
    }
    for key, value in as_object(entry.get("Options")).items():
        if key not in UNJUDGED_OPTIONS:
            found[f"driver_opts.{key}"] = as_text(value)
    return {key: value for key, value in {**found, **_labels(entry)}.items() if value not in (None, False, "")}


def volume_form(entry: JsonObject) -> dict[str, JsonValue]:
    """The fields of a create body or of ``GET /volumes``."""
    options = as_object(entry.get("DriverOpts")) or as_object(entry.get("Options"))
    found: dict[str, JsonValue] = {"driver": _driver(entry)}
    found |= {f"driver_opts.{key}": as_text(value) for key, value in options.items()}
    return {key: value for key, value in {**found, **_labels(entry)}.items() if value not in (None, "")}


def binding_of(entry: JsonObject) -> str:
    """The host address that a network publishes ports at."""
    return as_text(as_object(entry.get("Options")).get(HOST_BINDING_OPTION))


def subnets_of(entry: JsonObject) -> tuple[str, ...]:
    """The address ranges of a listed network."""
    configs = map(as_object, as_list(as_object(entry.get("IPAM")).get("Config")))
    return tuple(sorted(subnet for config in configs if (subnet := as_text(config.get("Subnet")))))


def _driver(entry: JsonObject) -> str:
    driver = as_text(entry.get("Driver"))
    return "" if driver in DEFAULT_DRIVERS else driver


def _labels(entry: JsonObject) -> dict[str, JsonValue]:
    return {
        LABELS + key: f"={as_text(value)}"
        for key, value in as_object(entry.get("Labels")).items()
        if not key.startswith(FOREIGN_LABELS)
    }
