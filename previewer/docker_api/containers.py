"""Calls about containers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import quote

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.read_container import InspectedContainer, read_inspected, read_listed
from previewer.docker_api.request import post_json
from previewer.domain.json_value import JsonObject, as_text
from previewer.domain.observation import ObservedContainer
from previewer.errors import ConflictError, EngineError, ObjectNotFoundError, TimedOutError

REMOVAL_TIMEOUT = 60.0
"""Seconds that somebody else's removal of the same container may take."""
REMOVAL_POLL = 0.05
UNFINISHED_KILL = ("did not receive an exit event", "device or resource busy")
"""Docker says so when a busy machine is slow to kill; the second attempt finds it dead."""


def list_containers(connection: DockerConnection, labels: Sequence[str]) -> tuple[ObservedContainer, ...]:
    """Our containers with all of ``labels`` (``key=value``), whatever their state, sorted by name."""
    with translate_errors("list containers", subject=connection.host):
        entries = connection.api.containers(all=True, filters={"label": list(labels)})
    found = [container for entry in entries if (container := read_listed(entry)) is not None]
    return tuple(sorted(found, key=lambda container: container.name))


def create_container(connection: DockerConnection, *, name: str, platform: str, body: JsonObject) -> None:
    """Make a container from a raw body. Raises :class:`ConflictError` for a taken name."""
    with translate_errors("create it", subject=f"container {name}"):
        # The SDK's own method drops fields and adds the user's proxies.
        parameters = {"name": name, **({"platform": platform} if platform else {})}
        post_json(connection, "/containers/create", body, parameters)


def join_network(connection: DockerConnection, *, container: str, network: str, endpoint: JsonObject) -> None:
    """Join a container to one more network."""
    with translate_errors(f"join it to the network {network}", subject=f"container {container}"):
        # The SDK's own method cannot express every field of an endpoint.
        body: JsonObject = {"Container": container, "EndpointConfig": endpoint}
        post_json(connection, f"/networks/{quote(network, safe='')}/connect", body)


def copy_into(connection: DockerConnection, *, container: str, archive: bytes) -> None:
    """Unpack a tar archive at the root of a container's file system."""
    with translate_errors("copy its configs and secrets into it", subject=f"container {container}"):
        connection.api.put_archive(container, "/", archive)


def start_container(connection: DockerConnection, name: str) -> None:
    """Start it; nothing happens if it runs. Raises :class:`ConflictError` where a host port is taken."""
    with translate_errors("start it", subject=f"container {name}"):
        connection.api.start(name)


def inspect_container(connection: DockerConnection, name: str) -> InspectedContainer:
    """One container. Raises :class:`ObjectNotFoundError`."""
    with translate_errors("inspect it", subject=f"container {name}"):
        return read_inspected(connection.api.inspect_container(name))


def remove_container(connection: DockerConnection, name: str) -> None:
    """Kill it, remove it with its anonymous volumes and return when it is gone. Nothing happens if it is gone."""
    if is_podman(connection):
        _kill(connection, name)
    try:
        _remove_patiently(connection, name)
    except ObjectNotFoundError:
        return
    except ConflictError as error:
        # 409: somebody else is removing it at this moment.
        if "already in progress" not in error.message:
            raise
        _wait_until_gone(connection, name)


def is_podman(connection: DockerConnection) -> bool:
    """Whether Podman answers. Its forced removal waits 10 seconds for a running container, a kill does not."""
    components = connection.version.get("Components") or ()
    return "podman" in str(components).lower()


def _kill(connection: DockerConnection, name: str) -> None:
    try:
        with translate_errors("kill it", subject=f"container {name}"):
            connection.api.kill(name)
    except (ObjectNotFoundError, ConflictError):
        return  # gone, or not running


def _remove_patiently(connection: DockerConnection, name: str) -> None:
    for attempt in range(3):
        try:
            with translate_errors("remove it", subject=f"container {name}"):
                connection.api.remove_container(name, v=True, force=True)
            return
        except EngineError as error:
            if attempt == 2 or not any(text in error.message for text in UNFINISHED_KILL):
                raise


def _wait_until_gone(connection: DockerConnection, name: str) -> None:
    deadline = time.monotonic() + REMOVAL_TIMEOUT
    while time.monotonic() < deadline:
        try:
            with translate_errors("inspect it", subject=f"container {name}"):
                connection.api.inspect_container(name)
        except ObjectNotFoundError:
            return
        time.sleep(REMOVAL_POLL)
    raise TimedOutError(f"its removal did not end within {REMOVAL_TIMEOUT:g} seconds", where=f"container {name}")


def engine_name(connection: DockerConnection) -> str:
    """``Docker 20.10.24``, for people."""
    product = "Podman" if is_podman(connection) else "Docker"
    return f"{product} {as_text(connection.version.get('Version'), 'of unknown version')}"
