"""Create bodies, labelled with the request and completed from the image."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import convert

from previewer.docker_api.answers import Labels, Network, Volume
from previewer.domain.drift.fields import BINDING, ENVIRONMENT, LABELS, NETWORKS, SUBNETS, Fields, asked_text
from previewer.domain.engine.examination import ChangeKind, FileChange
from previewer.domain.engine.specs import HOST_BINDING_OPTION
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.labels import ASKED, CONTAINER_LABELS
from previewer.engine.mapping.container import ContainerBody
from previewer.engine.mapping.part import Raw
from previewer.engine.normal_form import FOREIGN_LABELS, normal_form


def joined_body(wanted: ContainerBody) -> Raw:
    """A container's create body with all networks in it, those that older engines join later too."""
    endpoints = as_object(as_object(wanted.body.get("NetworkingConfig")).get("EndpointsConfig"))
    later = {joined.network: joined.endpoint for joined in wanted.later_networks}
    return {**wanted.body, "NetworkingConfig": {"EndpointsConfig": {**endpoints, **later}}}


def labelled_container(wanted: ContainerBody) -> Raw:
    """The create body of a container."""
    return _labelled(wanted.body, normal_form(joined_body(wanted)))


def labelled_network(body: Raw) -> Raw:
    """The create body of a network, with what was chosen for it."""
    network = convert(body, Network)
    chosen = {SUBNETS: ", ".join(subnets_of(network)), BINDING: binding_of(network)}
    return _labelled(body, {**network_form(network), **chosen})


def labelled_volume(body: Raw) -> Raw:
    """The create body of a volume, of whose options nothing is told: they may hold a password."""
    form = volume_form(convert(body, Volume))
    return _labelled(body, {name: form[name] for name in form if name.startswith(LABELS)})


def _labelled(body: Raw, fields: Fields) -> Raw:
    return {**body, "Labels": {**as_object(body.get("Labels")), ASKED: asked_text(fields)}}


_CHECK_DEFAULTS = ("Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries")


def complete_body(body: JsonObject, image: JsonObject) -> dict[str, JsonValue]:
    """A create body with what it inherits from its image's ``Config`` (moby, ``daemon/commit.go: merge``)."""
    made = dict(body)
    for key in ("User", "WorkingDir", "StopSignal", "StopTimeout"):
        made[key] = body.get(key) or image.get(key)
    inherited = {
        key: value for key, value in as_object(image.get("Labels")).items() if key not in CONTAINER_LABELS
    }
    made["Labels"] = {**inherited, **as_object(body.get("Labels"))}
    made["ExposedPorts"] = {**as_object(image.get("ExposedPorts")), **as_object(body.get("ExposedPorts"))}
    if not as_list(body.get("Entrypoint")):
        made["Cmd"] = body.get("Cmd") or image.get("Cmd")
        if body.get("Entrypoint") is None:
            made["Entrypoint"] = image.get("Entrypoint")
    made["Env"] = _environment(as_list(body.get("Env")), as_list(image.get("Env")))
    made["Healthcheck"] = _health_check(as_object(body.get("Healthcheck")), as_object(image.get("Healthcheck")))
    return made


def _environment(own: JsonValue, inherited: JsonValue) -> list[JsonValue]:
    """A bare key takes the image's variable away."""
    entries = [as_text(entry) for entry in as_list(own)]
    said = {entry.partition("=")[0] for entry in entries}
    kept = [text for entry in as_list(inherited) if (text := as_text(entry)).partition("=")[0] not in said]
    return [*kept, *(entry for entry in entries if "=" in entry)]


def _health_check(own: JsonObject, inherited: JsonObject) -> JsonObject:
    if not own or not inherited:
        return own or inherited
    return {**own, **{key: own.get(key) or inherited.get(key) for key in _CHECK_DEFAULTS}}


DEFAULT_DRIVERS = ("", "bridge", "local", "default")
UNJUDGED_OPTIONS = (
    HOST_BINDING_OPTION,  # another one for each generation; ports are judged by themselves
    "com.docker.network.enable_ipv4",  # newer engines' own
    "com.docker.network.enable_ipv6",
)


def network_form(network: Network) -> dict[str, JsonValue]:
    """The fields of a create body or a listed network; not the subnet, which is chosen when it is made."""
    found: dict[str, JsonValue] = {
        "driver": _driver(network.driver),
        "internal": network.internal,
        "attachable": network.attachable,
        "enable_ipv6": network.enable_ipv6,
    }
    for key, value in (network.options or {}).items():
        if key not in UNJUDGED_OPTIONS:
            found[f"driver_opts.{key}"] = value
    return {key: value for key, value in {**found, **_labels(network.labels)}.items() if value not in (False, "")}


def volume_form(volume: Volume) -> dict[str, JsonValue]:
    """The fields of a create body or a listed volume."""
    options = volume.driver_opts or volume.options or {}
    found: dict[str, JsonValue] = {"driver": _driver(volume.driver)}
    found |= {f"driver_opts.{key}": value for key, value in options.items()}
    return {key: value for key, value in {**found, **_labels(volume.labels)}.items() if value != ""}


def binding_of(network: Network) -> str:
    """The host address that a network publishes ports at."""
    return (network.options or {}).get(HOST_BINDING_OPTION, "")


def subnets_of(network: Network) -> tuple[str, ...]:
    """The address ranges of a network."""
    return tuple(sorted(pool.subnet for pool in network.pools if pool.subnet))


def _driver(driver: str) -> str:
    return "" if driver in DEFAULT_DRIVERS else driver


def _labels(labels: Labels) -> dict[str, JsonValue]:
    return {
        LABELS + key: f"={value}" for key, value in (labels or {}).items() if not key.startswith(FOREIGN_LABELS)
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
