"""The normal form of networks and volumes, and what Podman's answers leave out."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.domain.drift.fields import ENVIRONMENT, LABELS, NETWORKS, Fields
from previewer.domain.engine.examination import ChangeKind, FileChange
from previewer.domain.engine.specs import HOST_BINDING_OPTION
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
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


UNJUDGED = frozenset(
    {
        *(ENVIRONMENT + name for name in ("HOME", "HOSTNAME", "container")),  # it sets these itself
        "ulimits",  # its service's own are listed among those that were asked for
        "tmpfs",  # so are those that it mounts into what is read-only
        "cap_add",  # `ALL` and the like are spelt out
        "cap_drop",
        "stop_signal",  # told as a number
        "sysctls",  # asked for, and not told again
        "logging",
    }
)
"""Fields of the normal form. All of them are fixed when a container is made and cannot change later."""
ALIASES = "aliases"
MOUNTPOINTS = ("/run", "/tmp", "/var/tmp")  # noqa: S108 - they are a container's
"""That it makes in what is read-only."""
MOUNTED_INTO = ("/etc", "/var")
"""Folders that it makes mountpoints in, which shows as a change of the folder."""


def judged_fields(fields: Fields) -> Fields:
    """The fields that can be compared, the same way on both sides."""
    own_name = as_text(fields.get("hostname"))
    return {
        name: _endpoint(as_object(value), own_name) if name.startswith(NETWORKS) else value
        for name, value in fields.items()
        if name not in UNJUDGED
    }


def judged_changes(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    """The changes that it did not make itself."""
    rest = [c for c in changes if c.kind is not ChangeKind.ADDED or not _is_own(c.path, MOUNTPOINTS, changes)]
    return tuple(c for c in rest if c.kind is not ChangeKind.MODIFIED or not _is_own(c.path, MOUNTED_INTO, rest))


def _endpoint(endpoint: JsonObject, own_name: str) -> dict[str, JsonValue]:
    """A host name is an alias, without having been asked for as one."""
    return {**endpoint, ALIASES: [alias for alias in as_list(endpoint.get(ALIASES)) if alias != own_name]}


def _is_own(path: str, own: Sequence[str], changes: Sequence[FileChange]) -> bool:
    return path in own and not any(other.path.startswith(f"{path}/") for other in changes)
