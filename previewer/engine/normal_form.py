"""From the engine's words (a create body, or an inspection, which repeats one) to the fields that drift compares.

Engines fill in unrequested fields, each version differently. What is zero, empty or null is no field; what
stands for an engine's default is none either; orders that mean nothing are sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from previewer.domain.compose.routes import EVERY_ADDRESS
from previewer.domain.compose.service import NEVER, restart_text
from previewer.domain.drift.fields import ENVIRONMENT, LABELS, MOUNTS, NETWORKS, PORTS
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text, canonical_json
from previewer.domain.labels import CONTAINER_LABELS, RESTART
from previewer.domain.naming import named_digest
from previewer.engine.mapping.fields import CONFIG_FIELDS, HOST_FIELDS
from previewer.engine.mapping.host_access import OF_CONTAINER

Names = Mapping[str, str]
"""Containers' names by their ids: an inspection names by id what was asked for by name."""

FOREIGN_LABELS = ("desktop.docker.io/",)
"""Of labels that Docker Desktop adds."""
FOREIGN_ANNOTATIONS = (
    "io.container.manager",
    "io.podman.",
    "org.opencontainers.image.stopSignal",
    "org.systemd.property.",
)
"""Of annotations that Podman adds."""
DEFAULT_SHARED_MEMORY = (64 * 1024 * 1024, 64 * 1000 * 1024)
"""Bytes: Docker's, and what Podman says instead."""
DEFAULT_CHECK = {"Interval": 30_000_000_000, "Timeout": 30_000_000_000, "Retries": 3}
"""Of health checks, in nanoseconds and times: some engines say it, others leave it out."""
DEFAULT_CONFIG: Mapping[str, Sequence[JsonValue]] = {
    "working_dir": ("/",),
    "stop_signal": ("SIGTERM",),
    "stop_grace_period": (10,),
}
PRIVATE = "private"
"""A namespace of the container's own, which is what is not said."""
NOT_LIMITED = -1
ENGINES_OWN_OPTION = "label=disable"
"""Of privileged containers."""
SKIPPED = frozenset(
    {
        "Binds",
        "Mounts",
        "PortBindings",
        "ContainerIDFile",  # of the docker command
        "ConsoleSize",
        "VolumeDriver",
        "Cgroup",
        "Runtime",  # these two are the engine's choice, unless the definition says so
        "CgroupnsMode",
        "KernelMemory",  # gone from newer engines
        "KernelMemoryTCP",
        "MaskedPaths",
        "ReadonlyPaths",
        "MemorySwap",
        "LogConfig",
        "IpcMode",
    }
)
"""Of ``HostConfig``: what means nothing, or is read by a rule of its own below."""
NAMES = {field.name: row.path for row, field in HOST_FIELDS} | {
    "NetworkMode": "network_mode",
    "PidMode": "pid",
    "SecurityOpt": "security_opt",
    "Devices": "devices",
    "DeviceRequests": "gpus",
    "VolumesFrom": "volumes_from",
    "AutoRemove": "auto_remove",
    "PublishAllPorts": "publish_all_ports",
    "Links": "links",
}
"""The Compose Specification's word for a field of ``HostConfig``."""


def normal_form(body: JsonObject, *, container: str = "", names: Names | None = None) -> dict[str, JsonValue]:
    """The fields of a create body that is complete, or of an inspection in the shape of one.

    ``container`` is the id of the one that was inspected: engines make host names and aliases of it.
    """
    host = as_object(body.get("HostConfig"))
    image = as_text(body.get("Image"))
    found: dict[str, JsonValue] = {"image": named_digest(image) or image}
    found |= _config(body, container)
    found |= _host(host, names or {})
    found |= _limits(host)
    found |= _mounts(host)
    found |= _ports(host)
    found |= _endpoints(body, container)
    if as_text(host.get("NetworkMode")).startswith((OF_CONTAINER, "host")):
        found.pop("hostname", None)  # the other's
    return {name: value for name, value in found.items() if not _is_nothing(value)}


def _config(body: JsonObject, container: str) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {
        row.path: body.get(field.name) for row, field in CONFIG_FIELDS if row.path != "environment"
    }
    if container and found["hostname"] == container[:12]:
        found["hostname"] = None
    for key, defaults in DEFAULT_CONFIG.items():
        found[key] = None if found[key] in defaults else found[key]
    found["healthcheck"] = {
        key: value
        for key, value in as_object(body.get("Healthcheck")).items()
        if not _is_nothing(value) and value != DEFAULT_CHECK.get(key)
    }
    for entry in as_list(body.get("Env")):
        name, assigned, value = as_text(entry).partition("=")
        if assigned:  # a bare name, which engines keep, says that the variable is not set
            found[ENVIRONMENT + name] = f"={value}"  # an empty value says something
    for label, said in as_object(body.get("Labels")).items():
        is_absent = label in CONTAINER_LABELS and not said  # a container inherits none of them from its image
        # The restart policy is judged by itself.
        if not label.startswith(FOREIGN_LABELS) and label != RESTART and not is_absent:
            found[LABELS + label] = f"={as_text(said)}"
    return found


def _host(host: JsonObject, names: Names) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for key in host.keys() - SKIPPED:
        value = _HOST_RULES[key](host[key]) if key in _HOST_RULES else _tidy(host[key])
        found[NAMES.get(key, key)] = _by_name(value, names)
    ipc = host.get("IpcMode")
    found["ipc"] = None if as_text(ipc) in (PRIVATE, "shareable") else _by_name(ipc, names)
    found["unmasked_paths"] = host.get("MaskedPaths") == []  # what `systempaths=unconfined` becomes
    logging = as_object(host.get("LogConfig"))
    # The kind alone may be the engine's default; with options it was asked for.
    found["logging"] = dict(as_object(logging.get("Config")))
    return found


def _by_name(value: JsonValue, names: Names) -> JsonValue:
    """A mode that is another container's, with its name."""
    text = as_text(value)
    identifier = text.removeprefix(OF_CONTAINER)
    return OF_CONTAINER + names.get(identifier, identifier) if text.startswith(OF_CONTAINER) else value


def _limits(host: JsonObject) -> dict[str, JsonValue]:
    memory, swap = host.get("Memory"), host.get("MemorySwap")
    implied = isinstance(memory, int) and swap in (2 * memory, NOT_LIMITED)
    return {"memswap_limit": None if implied else swap}


def _mounts(host: JsonObject) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for entry in as_list(host.get("Binds")):
        source, _, rest = as_text(entry).partition(":")
        target, _, mode = rest.partition(":")
        kind = "bind" if source.startswith("/") else "volume"
        found[MOUNTS + target] = _mount(kind, source, {}, is_read_only="ro" in mode.split(","))
    for mount in map(as_object, as_list(host.get("Mounts"))):
        options = {key: mount[key] for key in mount if key.endswith("Options") and not _is_nothing(mount[key])}
        found[MOUNTS + as_text(mount.get("Target"))] = _mount(
            as_text(mount.get("Type")),
            as_text(mount.get("Source")),
            as_object(_tidy(options)),
            is_read_only=mount.get("ReadOnly") is True,
        )
    return found


def _mount(kind: str, source: str, options: JsonObject, *, is_read_only: bool) -> JsonObject:
    return {"type": kind, "source": source, "read_only": is_read_only, **options}


def _ports(host: JsonObject) -> dict[str, JsonValue]:
    return {
        PORTS + port: sorted(_address(as_object(binding)) for binding in as_list(bindings))
        for port, bindings in as_object(host.get("PortBindings")).items()
    }


def _address(binding: JsonObject) -> str:
    address, port = as_text(binding.get("HostIp")), as_text(binding.get("HostPort"))
    return f"{'' if address in EVERY_ADDRESS else address}:{'' if port == '0' else port}"


def _endpoints(body: JsonObject, container: str) -> dict[str, JsonValue]:
    endpoints = as_object(as_object(body.get("NetworkingConfig")).get("EndpointsConfig"))
    return {
        NETWORKS + network: {
            "aliases": sorted({as_text(a) for a in as_list(end.get("Aliases"))} - {container[:12]}),
            "links": sorted(as_text(link) for link in as_list(end.get("Links"))),
            "addresses": as_object(_tidy(as_object(end.get("IPAMConfig")))),
        }
        for network, end in ((name, as_object(value)) for name, value in endpoints.items())
    }


def _restart(value: JsonValue) -> JsonValue:
    policy = restart_text(value)
    return None if policy == NEVER else policy


def _capabilities(value: JsonValue) -> JsonValue:
    return sorted(as_text(name).upper().removeprefix("CAP_") for name in as_list(value))


def _security(value: JsonValue) -> JsonValue:
    options = (as_text(option) for option in as_list(value) if option != ENGINES_OWN_OPTION)
    return sorted(option.removesuffix(":true") for option in options)


def _sorted(value: JsonValue) -> JsonValue:
    return sorted(as_list(_tidy(value)), key=canonical_json)


def _limit(value: JsonValue) -> JsonValue:
    return None if value == NOT_LIMITED else value


def _shared_memory(value: JsonValue) -> JsonValue:
    return None if value in DEFAULT_SHARED_MEMORY else value


def _network_mode(value: JsonValue) -> JsonValue:
    """Only what is no network: its networks are the endpoints. Engines tell the first one here, or a kind."""
    mode = as_text(value)
    return mode if mode in ("none", "host") or mode.startswith(OF_CONTAINER) else None


def _namespace(value: JsonValue) -> JsonValue:
    return None if value == PRIVATE else value


def _annotations(value: JsonValue) -> JsonValue:
    return {key: said for key, said in as_object(value).items() if not key.startswith(FOREIGN_ANNOTATIONS)}


_HOST_RULES: Mapping[str, Callable[[JsonValue], JsonValue]] = {
    "RestartPolicy": _restart,
    "CapAdd": _capabilities,
    "CapDrop": _capabilities,
    "SecurityOpt": _security,
    "Ulimits": _sorted,
    "PidsLimit": _limit,
    "MemorySwappiness": _limit,
    "ShmSize": _shared_memory,
    "NetworkMode": _network_mode,
    "PidMode": _namespace,
    "UTSMode": _namespace,
    "Annotations": _annotations,
}


def _tidy(value: JsonValue) -> JsonValue:
    """A value without what is nothing, at any depth: some engines leave fields out, others say null or zero."""
    if isinstance(value, Mapping):
        tidied = {key: _tidy(item) for key, item in value.items()}
        return {key: item for key, item in tidied.items() if not _is_nothing(item)}
    if isinstance(value, list | tuple):
        return [_tidy(item) for item in value]
    return value


def _is_nothing(value: JsonValue) -> bool:
    return value is None or value is False or value in (0, "", [], {}, ())
