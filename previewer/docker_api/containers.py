"""Calls about containers."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from msgspec.structs import replace

from previewer.docker_api.answers import Container, ListedContainer, RawContainer
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.images import engine_reference
from previewer.docker_api.podman import can_change_restarts, last_verdicts, run_health_check, unpack_patiently
from previewer.docker_api.reading import InspectedContainer, has_labels, read_inspected, read_listed
from previewer.docker_api.request import (
    LIST_PATIENCE,
    container_path,
    delete,
    get,
    network_path,
    post,
    put_archive,
)
from previewer.domain.compose.service import NEVER, restart_policy, restart_text
from previewer.domain.engine.observation import Health, ObservedContainer
from previewer.domain.json_value import JsonObject, as_object, as_text
from previewer.domain.labels import RESTART, sealed_labels
from previewer.errors import ConflictError, EngineError, ObjectNotFoundError, TimedOutError

REMOVAL_TIMEOUT = 60.0
"""Seconds that another client's removal of the same container may take."""
REMOVAL_POLL = 0.05
STOP_PATIENCE = 3600
"""Seconds without a byte before a stop fails: the engine answers when the container has ended, and a definition
may give it long to do so."""
DEFAULT_GRACE = 2
"""Seconds to end where neither the definition nor the image says any: the engine's own ten are spent in full by
every shell that is a container's first process, as such a process ignores the signal."""
INSPECT_PATIENCE = 10.0
"""Seconds that an engine may take to tell about one container."""
PODMAN_NOT_RUNNING = "can only kill running containers"
"""What Podman says, with status 500, where Docker answers 409."""
PAUSED = "paused"
"""What is in every engine's refusal to start a container that is paused."""
NOT_TO_BE_PAUSED = ("is not running", "already paused", "not running, can't pause", "only pause running")
"""In an engine's refusal to pause what does not run, or is paused: Docker's, and Podman's."""
PODMAN_GONE = "no such container"
"""What Podman says, with status 500, of one that is removed at this moment."""
UNFINISHED_KILL = ("did not receive an exit event", "device or resource busy")
"""Docker says so when a busy machine is slow to kill; the second attempt finds it dead."""


def list_containers(connection: DockerConnection, labels: Sequence[str]) -> tuple[ObservedContainer, ...]:
    """Our containers with all of ``labels`` (``key=value``), whatever their state, sorted by name."""
    with translate_errors("list containers", subject=connection.host):
        parameters = {"all": "1", "filters": json.dumps({"label": list(labels)})}
        answer = get(connection, "/containers/json", parameters, patience=LIST_PATIENCE)
        entries = answer.read_list(ListedContainer)
        verdicts = last_verdicts(connection, labels) if connection.is_podman else {}
    mine = (entry for entry in entries if has_labels(entry.labels, labels))
    found = [container for entry in mine if (container := read_listed(entry, connection.clock)) is not None]
    judged = (replace(one, health=verdicts[one.id]) if one.id in verdicts else one for one in found)
    return tuple(sorted(judged, key=lambda container: container.name))


def create_container(connection: DockerConnection, *, name: str, platform: str, body: JsonObject) -> None:
    """Make a container from a raw body, its image named by config digest; it inherits none of previewer's labels.

    Raises :class:`ConflictError` for a taken name.
    """
    image = engine_reference(connection, as_text(body.get("Image")))
    with translate_errors("create it", subject=f"container {name}"):
        # The SDK's own method drops fields and adds the user's proxies.
        parameters = {"name": name, **({"platform": platform} if platform else {})}
        own = {key: as_text(text) for key, text in as_object(body.get("Labels")).items()}
        labels: JsonObject = {**sealed_labels(own)}
        post(connection, "/containers/create", {**body, "Image": image, "Labels": labels}, parameters)


def join_network(connection: DockerConnection, *, container: str, network: str, endpoint: JsonObject) -> None:
    """Join a container to one more network."""
    with translate_errors(f"join it to the network {network}", subject=f"container {container}"):
        # The SDK's own method cannot express every field of an endpoint.
        body: JsonObject = {"Container": container, "EndpointConfig": endpoint}
        post(connection, network_path(network, "/connect"), body)


def copy_into(connection: DockerConnection, *, container: str, archive: bytes) -> None:
    """Unpack a tar archive at the root of a container's file system."""

    def unpack() -> None:
        with translate_errors("copy its configs and secrets into it", subject=f"container {container}"):
            put_archive(connection, container_path(container, "/archive"), archive, {"path": "/"})

    unpack_patiently(unpack)


def start_container(connection: DockerConnection, name: str) -> None:
    """Start it, or let it go on where it is paused; nothing happens if it runs.

    Raises :class:`ConflictError` where a host port is taken.
    """
    try:
        with translate_errors("start it", subject=f"container {name}"):
            post(connection, container_path(name, "/start"))
    except EngineError as error:
        if PAUSED not in error.message:
            raise
        with translate_errors("let it go on", subject=f"container {name}"):
            post(connection, container_path(name, "/unpause"))


def pause_container(connection: DockerConnection, name: str) -> None:
    """Freeze its processes where they are; nothing happens if it does not run.

    Raises :class:`ObjectNotFoundError`.
    """
    try:
        with translate_errors("pause it", subject=f"container {name}"):
            post(connection, container_path(name, "/pause"))
    except EngineError as error:
        if not any(text in error.message for text in NOT_TO_BE_PAUSED):
            raise


def stop_container(connection: DockerConnection, name: str, *, grace: int | None) -> None:
    """End it within ``grace`` seconds and keep it; 0 kills it, ``None`` is its own grace, else the default.

    Nothing happens if it does not run. Raises :class:`ObjectNotFoundError`.
    """
    with translate_errors("stop it", subject=f"container {name}"):
        if grace is None:
            grace = _own_grace(connection, name)
        if grace == 0:
            _kill(connection, name, may_be_gone=False)
            return
        path = container_path(name, "/stop")
        post(connection, path, parameters={"t": str(grace)}, patience=STOP_PATIENCE)


def _own_grace(connection: DockerConnection, name: str) -> int:
    seconds = _inspect(connection, name).config.stop_timeout
    return DEFAULT_GRACE if seconds is None else seconds


def inspect_container(connection: DockerConnection, name: str) -> InspectedContainer:
    """One container. Raises :class:`ObjectNotFoundError`."""
    with translate_errors("inspect it", subject=f"container {name}"):
        found = read_inspected(_inspect(connection, name))
        if connection.is_podman and found.detail.health in (Health.STARTING, Health.UNHEALTHY):
            run_health_check(connection, name)
            found = read_inspected(_inspect(connection, name))
    return found


def find_container(connection: DockerConnection, container: str) -> Container | None:
    """An inspection; ``None`` where no container has this name or id."""
    try:
        with translate_errors("inspect it", subject=f"container {container}"):
            return get(connection, container_path(container, "/json")).read(Container)
    except ObjectNotFoundError:
        return None


def inspect_closely(connection: DockerConnection, container: str) -> tuple[Container, RawContainer] | None:
    """An inspection, and all that the container was made with; ``None`` for one that is gone meanwhile."""
    try:
        with translate_errors("inspect it", subject=f"container {container}"):
            answer = get(connection, container_path(container, "/json"))
            return answer.read(Container), answer.read(RawContainer)
    except ObjectNotFoundError:
        return None


def _inspect(connection: DockerConnection, name: str) -> Container:
    return get(connection, container_path(name, "/json"), patience=INSPECT_PATIENCE).read(Container)


def remove_container(connection: DockerConnection, name: str) -> None:
    """Kill it, remove it with its anonymous volumes and return when it is gone. Nothing happens if it is gone."""
    if connection.is_podman:
        # Its forced removal waits 10 seconds for a running container, a kill does not.
        _kill(connection, name)
    try:
        _remove_patiently(connection, name)
    except ObjectNotFoundError:
        return
    except ConflictError as error:
        # 409: another client is removing it right now.
        if "already in progress" not in error.message:
            raise
        _wait_until_gone(connection, name)


def _kill(connection: DockerConnection, name: str, *, may_be_gone: bool = True) -> None:
    try:
        with translate_errors("kill it", subject=f"container {name}"):
            post(connection, container_path(name, "/kill"))
    except ConflictError:
        return  # not running
    except ObjectNotFoundError:
        if not may_be_gone:
            raise
    except EngineError as error:
        is_gone = may_be_gone and PODMAN_GONE in error.message
        if not is_gone and PODMAN_NOT_RUNNING not in error.message:
            raise


def _remove_patiently(connection: DockerConnection, name: str) -> None:
    for attempt in range(3):
        try:
            with translate_errors("remove it", subject=f"container {name}"):
                delete(connection, container_path(name), {"v": "1", "force": "1"})
            return
        except EngineError as error:
            if attempt == 2 or not any(text in error.message for text in UNFINISHED_KILL):
                raise


def _wait_until_gone(connection: DockerConnection, name: str) -> None:
    deadline = time.monotonic() + REMOVAL_TIMEOUT
    while time.monotonic() < deadline:
        try:
            with translate_errors("inspect it", subject=f"container {name}"):
                _inspect(connection, name)
        except ObjectNotFoundError:
            return
        time.sleep(REMOVAL_POLL)
    raise TimedOutError(f"its removal did not end within {REMOVAL_TIMEOUT:g} seconds", where=f"container {name}")


def why_no_host_binding(connection: DockerConnection) -> str:
    """Why a network cannot say where published ports are bound; empty where it can."""
    if connection.is_podman:
        return "Podman binds published ports where each port says, whatever a network's options are"
    if "desktop" in connection.version.platform.name.lower():
        return "Docker Desktop forwards ports of the machine's own loopback address only"
    return ""


def engine_name(connection: DockerConnection) -> str:
    """``Docker 20.10.24``, for people."""
    product = "Podman" if connection.is_podman else "Docker"
    return f"{product} {connection.version.version or 'of unknown version'}"


def suspend_restarts(connection: DockerConnection, name: str) -> None:
    """Let a container that was stopped stay so whatever happens to the engine.

    One whose labels do not say its policy (an older previewer made it) keeps it: it could not be restored.
    """
    made_with, now = _policies(connection, name)
    if made_with != NEVER and now != NEVER:
        _set(connection, name, NEVER)


def resume_restarts(connection: DockerConnection, name: str) -> None:
    """Give a container the policy again that :func:`suspend_restarts` took."""
    made_with, now = _policies(connection, name)
    if made_with != now:
        _set(connection, name, made_with)


def _policies(connection: DockerConnection, name: str) -> tuple[str, str]:
    """The policy that it was made with, and the one it has; none where an engine could not change it."""
    found = find_container(connection, name) if can_change_restarts(connection) else None
    if found is None:
        return NEVER, NEVER
    now = restart_text(found.host_config.restart_policy)
    return (found.config.labels or {}).get(RESTART) or now, now


def _set(connection: DockerConnection, name: str, policy: str) -> None:
    with translate_errors("change its restart policy", subject=f"container {name}"):
        path = container_path(name, "/update")
        post(connection, path, {"RestartPolicy": restart_policy(policy)})
