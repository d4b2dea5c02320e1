"""How the nodes of a swarm reach a registry, each other and this process: found by connecting.

Managers report health where nothing gets through. A small web server therefore runs on every node for a few
seconds, pulled from the registry by each; asked with a secret of this probe's, it asks others over an overlay
network.
"""

from __future__ import annotations

import json
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPException
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from previewer.background import begin
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.images import EngineImages
from previewer.docker_api.swarm.cluster import READY, Node, list_nodes, node_names
from previewer.docker_api.swarm.files import (
    FileKind,
    create_file,
    list_forgotten,
    of_this_process,
    remove_file,
)
from previewer.docker_api.swarm.services import await_no_tasks, create_service, registry_login, remove_service
from previewer.docker_api.swarm.tasks import RUNNING, Task, list_tasks
from previewer.domain.engine.nodes import NodePair, NodesReport
from previewer.domain.engine.specs import NetworkSpec
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.labels import MANAGED_BY, MANAGED_BY_VALUE, PURPOSE, PURPOSE_PROBE
from previewer.engine.docker.router_image import PROGRAM_PATH, obtain_router_image
from previewer.engine.swarm.networks import create_overlay, remove_overlay
from previewer.errors import ObjectNotFoundError, TimedOutError

NAME = "previewer-probe"
"""Of the service, the network and the config, with random digits: other probes may be under way."""
LABELS = {MANAGED_BY: MANAGED_BY_VALUE, PURPOSE: PURPOSE_PROBE}
PROGRAM_CONFIG = "/previewer-probe.json"
LISTEN = 8080
START_SECONDS = 120.0
"""How long nodes may take to pull the image and to start it."""
ANSWER_SECONDS = 3.0
"""How long a node may take to answer this process, and to reach another node for it."""
ATTEMPTS = 5
"""Nodes learn of each other's tasks by gossip: the first requests may come before that, later ones do not."""
PAUSE = 0.5
SMALL, LARGE = "previewer", "previewer" * 2_000
"""Answers: of one packet, and of more than any network carries in one."""
TOKEN_HEADER = "X-Previewer-Probe"  # noqa: S105 - a name, not a value

Item = TypeVar("Item")


class SwarmProbe:
    """A look from the nodes of a swarm, as :class:`previewer.engine.protocol.NodeProbe` describes it."""

    def __init__(self, docker: DockerConnection) -> None:
        self._docker = docker

    def find_image(self) -> tuple[str, str]:
        """The image of the router, or one made of the router's program, and its platform."""
        name = obtain_router_image(self._docker, may_pull=False)
        found = EngineImages(self._docker).inspect(name)
        if found is None:
            raise ObjectNotFoundError("it was removed just now", where=f"image {name}")
        return found.id, found.platform

    def examine(self, image: str, *, pool: str, prefix_length: int) -> NodesReport:
        """Run it on every node."""
        return probe_nodes(self._docker, image=image, pool=pool, prefix_length=prefix_length)


class _Asked(Struct, frozen=True):
    """Where the probe of one node is."""

    name: str
    address: str
    """The node's, for this process."""
    inside: str
    """The task's, on the overlay network."""


def probe_nodes(docker: DockerConnection, *, image: str, pool: str, prefix_length: int) -> NodesReport:
    """Run the probe of ``image``, a Caddy that every node can get, and remove it.

    Its network takes a subnet of ``pool``. Raises :class:`EngineError` where it cannot be made.
    """
    nodes = list_nodes(docker)
    names, usable = node_names(nodes), {node.id: node for node in nodes if node.is_usable}
    name, token, port = f"{NAME}-{secrets.token_hex(4)}", secrets.token_hex(16), 49152 + secrets.randbelow(16000)
    labels = of_this_process(LABELS)
    network = NetworkSpec(name=name, labels=labels, compose={}, address_pool=pool, prefix_length=prefix_length)
    for left in list_forgotten(docker, FileKind.SECRET, LABELS):
        _remove(docker, left)
    with _made(docker, network, token=token, image=image, port=port):
        tasks = _await_tasks(docker, name, frozenset(usable))
        asked = [
            _Asked(names[node], usable[node].address, task.address_in(name))
            for node, task in tasks.items()
            if task.status.state == RUNNING
        ]
        found = _ask(asked, _Inquiry(port, token), virtual=name)
    ran = {one.name for one in asked}
    return replace(
        found,
        ready=tuple(sorted(names[node] for node in usable)),
        others={names[node.id]: _why_unusable(node) for node in nodes if not node.is_usable},
        not_run={names[node]: _why_not_run(tasks.get(node)) for node in usable if names[node] not in ran},
    )


def _ask(asked: list[_Asked], inquiry: _Inquiry, *, virtual: str) -> NodesReport:
    """What each of them reaches; ``virtual`` is the name of all of them, whose address is a virtual one."""
    reached = _together(asked, inquiry.answers)
    here = [one for one in asked if reached[one]]
    pairs = [(one, other) for one in here for other in asked if one != other]
    small = _together(pairs, lambda pair: inquiry.reaches(pair[0], pair[1].inside, "small"))
    through = [pair for pair in pairs if small[pair]]
    large = _together(through, lambda pair: inquiry.reaches(pair[0], pair[1].inside, "large", attempts=2))
    at_once = _together(here, lambda one: inquiry.reaches(one, virtual, "small", attempts=2))
    return NodesReport(
        unreached=tuple(sorted(one.name for one in asked if not reached[one])),
        cut=_failed(small),
        shortened=_failed(large),
        no_virtual=tuple(sorted(one.name for one in here if not at_once[one])),
    )


class _Inquiry(Struct, frozen=True):
    """Asks probes."""

    port: int
    token: str

    def answers(self, one: _Asked) -> bool:
        """Whether it is reached from here, at once or when its program has begun to listen."""
        return self._becomes(SMALL, lambda: self._get(one, "/small", within=ANSWER_SECONDS), ATTEMPTS)

    def reaches(self, one: _Asked, other: str, size: str, *, attempts: int = ATTEMPTS) -> bool:
        """Whether it gets an answer of a size from an address, at once or a moment later."""
        path = f"/via?to={other}:{LISTEN}&size={size}"
        expected = LARGE if size == "large" else SMALL
        return self._becomes(expected, lambda: self._get(one, path, within=2 * ANSWER_SECONDS), attempts)

    def _becomes(self, expected: str, get: Callable[[], str], attempts: int) -> bool:
        for _attempt in range(attempts):
            if get() == expected:
                return True
            time.sleep(PAUSE)
        return False

    def _get(self, one: _Asked, path: str, *, within: float) -> str:
        host = f"[{one.address}]" if ":" in one.address else one.address
        request = urllib.request.Request(f"http://{host}:{self.port}{path}", headers={TOKEN_HEADER: self.token})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=within) as answer:
                return str(answer.read().decode("ascii", "replace"))
        except (OSError, HTTPException):
            return ""


def _together(items: Iterable[Item], ask: Callable[[Item], bool]) -> Mapping[Item, bool]:
    """The answer about each, asked for at the same time."""
    answers = {item: begin(partial(ask, item), name=NAME) for item in items}
    return {item: answer.result() for item, answer in answers.items()}


def _failed(answers: Mapping[tuple[_Asked, _Asked], bool]) -> tuple[NodePair, ...]:
    return tuple(sorted((one.name, other.name) for (one, other), is_reached in answers.items() if not is_reached))


def _configuration(token: str) -> JsonObject:
    """Of Caddy: an answer of either size, and for those who know ``token`` the answer of another address."""
    via: JsonObject = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": "{http.request.uri.query.to}"}],
        "rewrite": {"uri": "/{http.request.uri.query.size}"},
        "transport": {
            "protocol": "http",
            "dial_timeout": f"{ANSWER_SECONDS:g}s",
            "response_header_timeout": f"{ANSWER_SECONDS:g}s",
        },
    }
    routes: JsonValue = [
        {"match": [{"path": ["/via"], "header": {TOKEN_HEADER: [token]}}], "handle": [via]},
        {"match": [{"path": ["/large"]}], "handle": [{"handler": "static_response", "body": LARGE}]},
        {"match": [{"path": ["/small"]}], "handle": [{"handler": "static_response", "body": SMALL}]},
    ]
    server: JsonObject = {"listen": [f":{LISTEN}"], "automatic_https": {"disable": True}, "routes": routes}
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "apps": {"http": {"servers": {"probe": server}}},
    }


@contextmanager
def _made(docker: DockerConnection, network: NetworkSpec, *, token: str, image: str, port: int) -> Iterator[None]:
    """The probe's secret, network and service, in this order: the secret goes last, and tells of the others."""
    name, content = network.name, json.dumps(_configuration(token)).encode()
    try:
        secret = create_file(docker, FileKind.SECRET, name=name, content=content, labels=network.labels)
        create_overlay(docker, network, nodes=2 * len(list_nodes(docker)))
        create_service(
            docker, _service(network, image, secret, port), name=name, registry_login=registry_login(image)
        )
        yield
    finally:
        _remove(docker, name)


def _service(network: NetworkSpec, image: str, secret: str, port: int) -> JsonObject:
    file: JsonObject = {"Name": PROGRAM_CONFIG, "UID": "0", "GID": "0", "Mode": 0o444}
    return {
        "Name": network.name,
        "Labels": {**network.labels},
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": image,
                "Command": [PROGRAM_PATH, "run", "--config", PROGRAM_CONFIG],
                "Secrets": [{"SecretID": secret, "SecretName": network.name, "File": file}],
                "ReadOnly": True,
                "CapabilityDrop": ["ALL"],
                "StopSignal": "SIGKILL",
            },
            "RestartPolicy": {"Condition": "none"},
            "Networks": [{"Target": network.name}],
        },
        "Mode": {"Global": {}},
        "EndpointSpec": {
            "Mode": "vip",
            "Ports": [{"Protocol": "tcp", "TargetPort": LISTEN, "PublishedPort": port, "PublishMode": "host"}],
        },
    }


def _await_tasks(docker: DockerConnection, name: str, nodes: frozenset[str]) -> Mapping[str, Task]:
    """The task of each node, once it runs or has ended; without those that took too long."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        tasks = {task.node: task for task in list_tasks(docker, name) if task.node in nodes}
        settled = {node: task for node, task in tasks.items() if task.has_ended or task.status.state == RUNNING}
        if len(settled) == len(nodes) or time.monotonic() > deadline:
            return settled
        time.sleep(PAUSE)


def _why_unusable(node: Node) -> str:
    return node.status.state if node.status.state != READY else node.spec.availability


def _why_not_run(task: Task | None) -> str:
    if task is None:
        return f"it did not start within {START_SECONDS:g} seconds"
    return task.status.error or task.status.message


def _remove(docker: DockerConnection, name: str) -> None:
    away = frozenset(node.id for node in list_nodes(docker) if node.status.state != READY)
    with suppress(TimedOutError):  # removing the network says what keeps it
        await_no_tasks(docker, remove_service(docker, name), away=away, subject=f"service {name}")
    remove_overlay(docker, name)
    remove_file(docker, FileKind.SECRET, name)
