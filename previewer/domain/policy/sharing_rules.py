"""Rules about what an environment may share: namespaces, networks, files and services outside of it."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.compose.keys import ALL_KEYS
from previewer.domain.compose.service import Service
from previewer.domain.json_value import JsonValue, as_list, as_object
from previewer.domain.labels import is_reserved
from previewer.domain.naming import RESERVED_NAMES
from previewer.domain.policy.rule import (
    Allowance,
    Request,
    Rule,
    each_of,
    in_services,
    service_path,
    switched_on,
)
from previewer.domain.policy.trust import Trust

_NAMESPACES = {
    "network_mode": ("network", ("none",)),
    "pid": ("pid", ("private",)),
    "ipc": ("ipc", ("none", "private", "shareable")),
    "uts": ("uts", ("private",)),
    "userns_mode": ("userns", ()),
    "cgroup": ("cgroup", ("private",)),
}
"""By key: the namespace that it chooses, and the choices that share nothing."""
_NETWORK_DRIVERS = frozenset(("bridge", "overlay", "default"))
_NETWORK_OPTIONS = frozenset(
    (
        "com.docker.network.driver.mtu",
        "com.docker.network.bridge.enable_icc",
        "com.docker.network.bridge.enable_ip_masquerade",
        "encrypted",
    )
)
_LOG_DRIVERS = ("json-file", "local", "none")


def _host_namespaces(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for service in definition.services.values():
        for key, (namespace, own) in _NAMESPACES.items():
            choice = str(service.spec.get(key) or "")
            if not choice or choice in own or choice.startswith(("service:", "container:")):
                continue
            if choice == "host" or key != "network_mode":
                message = f"uses {choice!r} for its {namespace} namespace"
                yield Request(service_path(service, key), message, (namespace,))
    for key, network in definition.networks.items():
        if network.external and network.engine_name == "host":
            yield Request(("networks", key), "is the host's own network", ("network",))


def _foreign_namespaces(service: Service) -> Iterator[Request]:
    for key, (namespace, _) in _NAMESPACES.items():
        choice = str(service.spec.get(key) or "")
        if choice.startswith("container:"):
            name = choice.removeprefix("container:")
            message = f"shares the {namespace} namespace of the container {name!r}"
            yield Request(service_path(service, key), message, (name,))


def _foreign_volumes(service: Service) -> Iterator[Request]:
    for index, value in enumerate(service.volumes_from):
        if value.startswith("container:"):
            name = value.removeprefix("container:")
            path = service_path(service, "volumes_from", str(index))
            yield Request(path, f"mounts the volumes of the container {name!r}", (name, name.partition(":")[0]))


def _external_networks(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for key, network in definition.networks.items():
        if network.external:
            name = network.engine_name
            yield Request(("networks", key), f"is the existing network {name!r}", (name,))
    for service in definition.services.values():
        mode = service.network_mode
        if mode not in ("", "none", "host") and not mode.startswith(("service:", "container:")):
            path = service_path(service, "network_mode")
            yield Request(path, f"joins the existing network {mode!r}", (mode,))


def _external(section: str, noun: str) -> Iterator[Rule]:
    def find(definition: Definition, trust: Trust) -> Iterator[Request]:
        del trust
        for found, resource in definition.resources:
            if found == section and resource.external:
                name = resource.engine_name
                yield Request((section, resource.key), f"is the existing {noun} {name!r}", (name,))

    yield Rule(
        id=f"external-{noun}",
        forbids=f"`external` {section}",
        why="a preview could read, change or delete shared data",
        instead="declare it without external, so that every environment has its own",
        subject=f"the {noun}'s name on the engine",
        find=find,
    )


def _network_drivers(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for key, network in definition.networks.items():
        driver = network.driver
        if driver and driver not in _NETWORK_DRIVERS:
            yield Request(("networks", key, "driver"), f"uses the network driver {driver!r}", (driver,))
        addresses = network.ipam.driver
        if addresses and addresses != "default":
            path = ("networks", key, "ipam", "driver")
            yield Request(path, f"uses the address driver {addresses!r}", (addresses,))


def _network_options(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for key, network in definition.networks.items():
        for keys, options in (
            (("driver_opts",), network.driver_opts),
            (("ipam", "options"), network.ipam.options),
        ):
            for name in options:
                if name not in _NETWORK_OPTIONS:
                    yield Request(("networks", key, *keys, name), f"sets the network option {name!r}", (name,))
    for service in definition.services.values():
        for key, endpoint in service.networks.items():
            for name in endpoint.driver_opts:
                path = service_path(service, "networks", key, "driver_opts", name)
                yield Request(path, f"sets the network option {name!r}", (name,))


def _logging(service: Service) -> Iterator[Request]:
    driver = service.logging.driver
    if driver and driver not in _LOG_DRIVERS:
        yield Request(service_path(service, "logging", "driver"), f"logs through {driver!r}", (driver,))


SHARING_RULES = (
    Rule(
        id="host-namespace",
        forbids="`network_mode`, `pid`, `ipc`, `uts`, `userns_mode` or `cgroup` of the host",
        why="a host namespace shows and offers everything that runs on the machine, the engine included",
        instead="leave the key out; publish the ports that are needed",
        subject="`network`, `pid`, `ipc`, `uts`, `userns` or `cgroup`",
        find=_host_namespaces,
    ),
    Rule(
        id="foreign-namespace",
        forbids="`container:NAME` as a namespace",
        why="that container is not part of the environment, and there is only one of it for all environments",
        instead="write service:NAME for a service of the same definition",
        subject="the container",
        find=in_services(_foreign_namespaces),
    ),
    Rule(
        id="foreign-volumes",
        forbids="`volumes_from` of `container:NAME`",
        why="that container is not part of the environment",
        instead="name a service of the same definition",
        subject="the container",
        find=in_services(_foreign_volumes),
    ),
    Rule(
        id="external-link",
        forbids="`external_links`",
        why="they lead to containers outside the environment",
        instead="put the other service into the definition",
        subject="the link as written",
        find=each_of("external_links", message="links to the foreign container {}"),
    ),
    Rule(
        id="external-network",
        forbids="`external` networks, and `network_mode` with the name of a network",
        why="environments on one network see each other and everything else on it",
        instead="declare the network without external, so that every environment has its own",
        subject="the network's name on the engine",
        find=_external_networks,
    ),
    *_external("volumes", "volume"),
    *_external("secrets", "secret"),
    *_external("configs", "config"),
    Rule(
        id="network-driver",
        forbids="network drivers other than `bridge` and `overlay`, and address drivers",
        why="macvlan, ipvlan and host drivers put containers on the machine's own network",
        instead="leave the driver out",
        subject="the driver",
        find=_network_drivers,
    ),
    Rule(
        id="network-option",
        forbids="driver options of networks that choose interfaces, addresses or kernel parameters",
        why="they can attach to the host's interfaces and publish on all of its addresses",
        instead="leave the option out",
        subject="the option's name",
        find=_network_options,
    ),
    Rule(
        id="logging-driver",
        forbids="logging drivers other than `json-file`, `local` and `none`",
        why="the engine itself connects to where they log to, from the host's network",
        instead="leave the driver out; previewer logs reads what the engine keeps",
        subject="the driver",
        find=in_services(_logging),
    ),
    Rule(
        id="api-socket",
        forbids="`use_api_socket`",
        why="it hands the engine and your registry credentials to the container",
        instead="leave it out",
        subject="",
        find=switched_on("use_api_socket", message="uses the engine's API"),
        allowance=Allowance.NEVER,
    ),
    Rule(
        id="provider",
        forbids="`provider`",
        why="it runs a program on your machine, outside of any container",
        instead="run the program as a service with an image",
        subject="",
        find=switched_on("provider", message="runs a program of the host"),
        allowance=Allowance.NEVER,
    ),
    Rule(
        id="model-runner",
        forbids="`models`",
        why="they run on the host, outside of the environment, and are not frozen",
        instead="run the model in a service with an image",
        subject="",
        find=switched_on("models", message="uses models that run on the host"),
        allowance=Allowance.NEVER,
    ),
)


LABEL_PLACES: tuple[ModelPath, ...] = tuple(
    tuple(path.replace("[]", "*").split("."))
    for path, _row in ALL_KEYS
    if path.endswith((".labels", ".annotations"))
)
"""Every place of a normalised definition that names labels. ``label_file`` is folded into ``labels`` by then."""


def _labels(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    for place in LABEL_PLACES:
        for path, labels in _values_at(definition.model, place):
            for name in as_object(labels):
                if is_reserved(name):
                    yield Request((*path, name), f"sets the reserved label {name!r}", (name,))


def _values_at(
    value: JsonValue, pattern: ModelPath, path: ModelPath = ()
) -> Iterator[tuple[ModelPath, JsonValue]]:
    """What is at the paths that ``pattern`` matches; ``*`` is any key, or any item of a list."""
    if not pattern:
        yield path, value
        return
    key, *rest = pattern
    members = as_object(value) or {str(index): item for index, item in enumerate(as_list(value))}
    for name in members if key == "*" else (key,):
        if name in members:
            yield from _values_at(members[name], tuple(rest), (*path, name))


def _names(definition: Definition, trust: Trust) -> Iterator[Request]:
    del trust
    named = [(section, resource.key) for section, resource in definition.resources]
    for section, key in (*(("services", name) for name in definition.services), *named):
        if key.casefold().startswith(RESERVED_NAMES):
            yield Request((section, key), f"has a name that begins with {RESERVED_NAMES!r}", (key,))


NAME_RULES = (
    Rule(
        id="reserved-label",
        forbids="labels of previewer, Compose and Swarm, wherever a definition or a Dockerfile can write labels",
        why="labels say which environment an object belongs to; a branch could forge another's",
        instead="choose another name for the label",
        subject="",
        find=_labels,
        allowance=Allowance.NEVER,
    ),
    Rule(
        id="reserved-name",
        forbids="services, networks, volumes, secrets and configs whose name begins with `previewer-`",
        why="previewer adds volumes and networks of such names, and nothing else may write to them",
        instead="choose another name",
        subject="",
        find=_names,
        allowance=Allowance.NEVER,
    ),
)
