"""The specification of a Swarm service, made of a container's create body: the same keys, in other places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from previewer.domain.compose.references import map_texts
from previewer.domain.engine.nodes import NODE_ADDRESS
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.json_value import JsonObject, JsonValue, as_integer, as_list, as_object, as_text
from previewer.domain.naming import LABEL_LENGTH, slug
from previewer.domain.units import parse_memory, platform_object
from previewer.engine.mapping import values
from previewer.engine.mapping.container import ContainerBody
from previewer.engine.mapping.fields import CONFIG_FIELDS, HOST_FIELDS
from previewer.engine.mapping.part import Raw, filled, unsupported

PRIVILEGES_SINCE = (1, 44)
DEFAULT_GRACE = 2
"""Seconds to end where the definition says none, as with containers: Swarm's own are ten."""
SECOND = 1_000_000_000
NOT_IN_SWARM = "Swarm services do not have it"
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with
CONDITIONS = {"": "none", "no": "none", "always": "any", "unless-stopped": "any", "on-failure": "on-failure"}
PORT_MODE = "host"
"""A port is the node's that the task is on: Swarm's routing mesh needs IPVS, which not every kernel has."""


class AttachedFile(Struct, frozen=True):
    """A config or secret that the managers keep for a service."""

    kind: str
    """``Config`` or ``Secret``."""
    id: str
    name: str
    path: str
    """Absolute, in the container."""
    mode: int
    uid: int
    gid: int


def swarm_name(name: str) -> str:
    """The name of a service or network on a Swarm, which takes DNS labels and no longer ones."""
    is_plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if is_plain and name[-1:].isalnum() and len(name) <= LABEL_LENGTH else slug(name)


def service_body(
    spec: ContainerSpec,
    wanted: ContainerBody,
    *,
    image: str,
    files: Sequence[AttachedFile],
    node: str,
    addresses: Mapping[str, str],
    api_version: tuple[int, int],
) -> Raw:
    """The body of ``POST /services/create`` for a service without tasks, which is started by giving it one.

    ``wanted`` is the container that one engine would make; ``node`` the node that has its volumes and files;
    ``addresses`` where nodes are reached, by their ids.
    Raises :class:`UnsupportedError`, with the key of the definition, for what a Swarm does not have.
    """
    config, host = dict(wanted.body), dict(as_object(wanted.body.get("HostConfig")))
    for key in ("HostConfig", "NetworkingConfig", "Image", "ExposedPorts", "StdinOnce"):
        config.pop(key, None)
    labels = config.pop("Labels")
    deploy = as_object(spec.compose.get("deploy"))
    if as_text(deploy.get("mode")) == "global":
        raise unsupported(spec, "deploy.mode", "a global service is not supported", hint="give it `replicas`")
    ports = _ports(spec, as_object(host.pop("PortBindings", None)))
    mounts = list(_mounts(spec, host))
    restart = as_object(host.pop("RestartPolicy", None))
    container = _container(spec, config, host, image=image, api_version=api_version)
    container |= {
        key: map_texts(container[key], lambda text: _template(text, addresses))
        for key in EXPANDED
        if key in container
    }
    template = filled(
        ContainerSpec={**container, **_attached(mounts, files)},
        Resources=_resources(host, deploy),
        RestartPolicy=_restart(restart, as_object(deploy.get("restart_policy"))),
        Placement=_placement(spec, as_object(deploy.get("placement")), node=node if _is_bound(mounts) else ""),
        Networks=_networks(spec, wanted, as_text(host.pop("NetworkMode", ""))),
        LogDriver=_log_driver(as_object(host.pop("LogConfig", None))),
    )
    for left in (*config, *host):
        raise unsupported(spec, KEYS.get(left, left), NOT_IN_SWARM)
    return {
        "Name": swarm_name(spec.name),
        "Labels": labels,
        "TaskTemplate": template,
        "Mode": {"Replicated": {"Replicas": 0}},
        "EndpointSpec": {"Mode": "dnsrr", "Ports": ports},
    }


EXPANDED = ("Env", "Hostname")
"""What nodes expand, each time that they start a task, as templates of the language Go."""


def _template(text: str, addresses: Mapping[str, str]) -> str:
    """A template that gives ``text``, with the address of the node that expands it.

    A node that joined later than the service was made has its host name there.
    """
    known = (f'{{{{else if eq .Node.ID "{node}"}}}}{address}' for node, address in sorted(addresses.items()))
    choice = "{{if false}}" + "".join(known) + "{{else}}{{.Node.Hostname}}{{end}}"
    return text.replace("{{", '{{"{{"}}').replace(NODE_ADDRESS, choice)


KEYS: Mapping[str, str] = {
    **{field.name: row.path for row, field in (*CONFIG_FIELDS, *HOST_FIELDS)},
    "BlkioWeight": "blkio_config",
    "DeviceRequests": "gpus",
    "Devices": "devices",
    "IpcMode": "ipc",
    "MacAddress": "mac_address",
    "MaskedPaths": "security_opt",
    "PidMode": "pid",
    "ReadonlyPaths": "security_opt",
    "VolumesFrom": "volumes_from",
}
"""The key of the definition that a field of a create body comes from."""
_CONTAINER_FIELDS: tuple[tuple[str, str], ...] = (
    ("Entrypoint", "Command"),
    ("Cmd", "Args"),
    ("Env", "Env"),
    ("Healthcheck", "Healthcheck"),
    ("Hostname", "Hostname"),
    ("OpenStdin", "OpenStdin"),
    ("StopSignal", "StopSignal"),
    ("Tty", "TTY"),
    ("User", "User"),
    ("WorkingDir", "Dir"),
)
_HOST_FIELDS: tuple[tuple[str, str], ...] = (
    ("CapAdd", "CapabilityAdd"),
    ("CapDrop", "CapabilityDrop"),
    ("GroupAdd", "Groups"),
    ("Init", "Init"),
    ("ReadonlyRootfs", "ReadOnly"),
    ("Sysctls", "Sysctls"),
    ("Ulimits", "Ulimits"),
)
"""Fields of a create body and of a service's ``ContainerSpec`` that mean the same."""


def _container(
    spec: ContainerSpec,
    config: Raw,
    host: Raw,
    *,
    image: str,
    api_version: tuple[int, int],
) -> Raw:
    """Takes out of ``config`` and ``host`` what it uses."""
    found: Raw = {"Image": image}
    for source, names in ((config, _CONTAINER_FIELDS), (host, _HOST_FIELDS)):
        found |= {there: source.pop(here) for here, there in names if here in source}
    # An empty entry point takes the image's away, and Swarm takes an empty list for none.
    if found.get("Command") == []:
        raise unsupported(spec, "entrypoint", "a Swarm service cannot take the image's entry point away")
    found["StopGracePeriod"] = as_integer(config.pop("StopTimeout", DEFAULT_GRACE)) * SECOND
    resolver = filled(
        Nameservers=host.pop("Dns", None), Search=host.pop("DnsSearch", None), Options=host.pop("DnsOptions", None)
    )
    found |= filled(
        DNSConfig=resolver, Hosts=[_host_line(as_text(e)) for e in as_list(host.pop("ExtraHosts", None))]
    )
    options = as_list(host.pop("SecurityOpt", None))
    for option in options:
        name, _, value = as_text(option).replace("=", ":", 1).partition(":")
        if name != "no-new-privileges":
            raise unsupported(spec, "security_opt", f"{name}: {NOT_IN_SWARM}")
        if value == "false":
            continue
        if api_version < PRIVILEGES_SINCE:
            hint = f"it came with Docker 25; `security_opt: [{name}:false]` does without"
            raise unsupported(spec, "security_opt", "the engine is too old for it", hint=hint)
        found["Privileges"] = {"NoNewPrivileges": True}
    return found


def _attached(mounts: Sequence[JsonValue], files: Sequence[AttachedFile]) -> Raw:
    return filled(
        Mounts=[*mounts],
        Configs=[_reference(file) for file in files if file.kind == "Config"],
        Secrets=[_reference(file) for file in files if file.kind == "Secret"],
    )


def _host_line(entry: str) -> str:
    """``name:address`` as in ``/etc/hosts``."""
    name, _, address = entry.partition(":")
    return f"{address.strip('[]')} {name}"


def _reference(file: AttachedFile) -> JsonValue:
    target: Raw = {"Name": file.path, "UID": str(file.uid), "GID": str(file.gid), "Mode": file.mode}
    return {f"{file.kind}ID": file.id, f"{file.kind}Name": file.name, "File": target}


def _mounts(spec: ContainerSpec, host: Raw) -> Iterator[Raw]:
    """All of them in the one way that services have; what ``host`` says of them is taken out."""
    for text in map(as_text, as_list(host.pop("Binds", None))):
        source, target, mode = text.split(":", 2)
        options = mode.split(",")
        if set(options) - {"ro", "rw"}:
            raise unsupported(spec, "volumes.bind.selinux", NOT_IN_SWARM)
        kind = "bind" if source.startswith("/") else "volume"
        yield filled(Type=kind, Source=source, Target=target, ReadOnly="ro" in options)
    yield from map(dict, map(as_object, as_list(host.pop("Mounts", None))))
    for path, given in as_object(host.pop("Tmpfs", None)).items():
        yield _memory(spec, path, as_text(given))
    if size := host.pop("ShmSize", None):
        yield filled(Type="tmpfs", Target="/dev/shm", TmpfsOptions={"SizeBytes": size})  # noqa: S108 - a container's


def _memory(spec: ContainerSpec, path: str, options: str) -> Raw:
    readers: Mapping[str, tuple[str, Callable[[str], int]]] = {
        "size": ("SizeBytes", parse_memory),
        "mode": ("Mode", lambda text: int(text, 8)),
    }
    found: Raw = {}
    for option in filter(None, options.split(",")):
        name, _, value = option.partition("=")
        if name not in readers:
            raise unsupported(spec, "tmpfs", f"{option}: Swarm knows the options size and mode only")
        field, read = readers[name]
        found[field] = read(value)
    return filled(Type="tmpfs", Target=path, TmpfsOptions=found)


def _is_bound(mounts: Sequence[Raw]) -> bool:
    """Whether what is mounted is one node's."""
    return any(mount.get("Type") in ("bind", "volume") and mount.get("Source") for mount in mounts)


def _resources(host: Raw, deploy: JsonObject) -> Raw:
    reserved = as_object(as_object(deploy.get("resources")).get("reservations"))
    limits = filled(
        MemoryBytes=host.pop("Memory", None), NanoCPUs=host.pop("NanoCpus", None), Pids=host.pop("PidsLimit", None)
    )
    cpus = values.nano_cpus(reserved["cpus"]) if reserved.get("cpus") else None
    return filled(
        Limits=limits, Reservations=filled(MemoryBytes=host.pop("MemoryReservation", None), NanoCPUs=cpus)
    )


def _restart(policy: JsonObject, deploy: JsonObject) -> Raw:
    """Without a policy a task that ended stays ended, as on one engine; the times are Swarm's alone."""
    return {
        "Condition": CONDITIONS[as_text(policy.get("Name"))],
        "MaxAttempts": as_integer(policy.get("MaximumRetryCount")),
        **{
            there: values.nanoseconds(deploy[here])
            for here, there in (("delay", "Delay"), ("window", "Window"))
            if deploy.get(here)
        },
    }


def _placement(spec: ContainerSpec, placement: JsonObject, *, node: str) -> Raw:
    if placement.get("max_replicas_per_node"):
        raise unsupported(
            spec,
            "deploy.placement.max_replicas_per_node",
            "each replica is a service of its own",
            hint="spread them with `preferences`, or name nodes in `constraints`",
        )
    constraints: list[JsonValue] = [values.text(entry) for entry in as_list(placement.get("constraints"))]
    if node:
        constraints.append(f"node.id=={node}")
    spread: list[JsonValue] = [
        {"Spread": {"SpreadDescriptor": as_text(as_object(entry).get("spread"))}}
        for entry in as_list(placement.get("preferences"))
    ]
    runs = platform_object(spec.platform)
    platform = filled(OS=runs.get("os"), Architecture=runs.get("architecture"))
    return filled(Constraints=constraints, Preferences=spread, Platforms=[platform] if platform else [])


def _networks(spec: ContainerSpec, wanted: ContainerBody, mode: str) -> list[JsonValue]:
    endpoints = as_object(as_object(wanted.body.get("NetworkingConfig")).get("EndpointsConfig"))
    joined = {**endpoints, **{later.network: later.endpoint for later in wanted.later_networks}}
    if not joined:
        # Without a network Swarm joins a task to its node's own bridge.
        raise unsupported(spec, "network_mode", f"{mode}: {NOT_IN_SWARM}")
    found: list[JsonValue] = []
    for network, endpoint in joined.items():
        for field, key in _ENDPOINT_KEYS.items():
            if as_object(endpoint).get(field):
                raise unsupported(spec, key, NOT_IN_SWARM)
        # The service's own name is one already.
        aliases = [alias for alias in as_list(as_object(endpoint).get("Aliases")) if alias != spec.name]
        found.append(
            filled(Target=swarm_name(network), Aliases=aliases, DriverOpts=as_object(endpoint).get("DriverOpts"))
        )
    return found


_ENDPOINT_KEYS = {
    "IPAMConfig": "networks.ipv4_address",
    "Links": "links",
    "MacAddress": "mac_address",
    "GwPriority": "networks.gw_priority",
}


def _ports(spec: ContainerSpec, bindings: JsonObject) -> list[JsonValue]:
    found: list[JsonValue] = []
    for port, entries in bindings.items():
        target, _, protocol = port.partition("/")
        for entry in map(as_object, as_list(entries)):
            if as_text(entry.get("HostIp")) not in WILDCARDS:
                raise unsupported(
                    spec,
                    "ports",
                    f"Swarm publishes at all addresses of a node, not at {as_text(entry.get('HostIp'))} alone",
                    hint='set `publish = "0.0.0.0"` under `[network]` where other machines may reach them',
                )
            published = as_text(entry.get("HostPort"))
            if published and not published.isdecimal():
                raise unsupported(spec, "ports", f"{published}: Swarm takes no range of host ports")
            found.append(
                {
                    "Protocol": protocol,
                    "TargetPort": int(target),
                    "PublishedPort": int(published or 0),
                    "PublishMode": PORT_MODE,
                }
            )
    return found


def _log_driver(logging: JsonObject) -> Raw:
    return filled(Name=logging.get("Type"), Options=logging.get("Config"))
