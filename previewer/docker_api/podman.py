"""What Podman tells and does through its own interface (libpod) only, and whether it is Podman that answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from previewer.docker_api.answers import Answer
from previewer.docker_api.connection import CALL_TIMEOUT, DockerConnection
from previewer.docker_api.reading import read_health
from previewer.docker_api.request import LIST_PATIENCE, container_path
from previewer.docker_api.wire.protocol import EngineRequest
from previewer.domain.engine.observation import Health
from previewer.errors import EngineError

LIBPOD = "/v4.0.0/libpod"
"""In the version of the oldest Podman that is spoken to."""
DOCKER_WORDS = {"remove": "destroy", "exec": "exec_create"}
"""What Docker calls what happens to a container, by Podman's word for it. Docker itself never says those."""
RESTART_UPDATES_SINCE = (5, 1)
"""The first version that can give a container another restart policy."""

UNREAD_PADDING = "passing bulk input to subprocess: write"
"""Part of Podman's answer where the end of an archive was not read."""
UNPACK_ATTEMPTS = 5


class _LibpodContainer(Answer, frozen=True):
    """An entry of libpod's own list."""

    id: str = ""
    status: str = ""
    """How its last health check ended."""


def docker_word(kind: str, action: str) -> str:
    """What Docker calls it when ``action`` happens to an object of this kind (``container``, ``network``)."""
    return DOCKER_WORDS.get(action, action) if kind == "container" else action


def podman_version(connection: DockerConnection) -> tuple[int, int] | None:
    """``(5, 4)``; ``None`` where another engine answers."""
    if not connection.is_podman:
        return None
    major, _, rest = connection.version.version.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else (0, 0)


def can_change_restarts(connection: DockerConnection) -> bool:
    """Whether the engine can give a container that it has another restart policy."""
    version = podman_version(connection)
    return version is None or version >= RESTART_UPDATES_SINCE


def unpack_patiently(unpack: Callable[[], None]) -> None:
    """Do ``unpack``, which sends an archive, again where Podman stumbles; that changes nothing.

    Its unpacking program ends where the archive says that it ends, and who hands the rest to it, which is padding,
    then sometimes fails. Raises the last :class:`EngineError`.
    """
    for attempt in range(UNPACK_ATTEMPTS):
        try:
            unpack()
            break
        except EngineError as error:
            if attempt == UNPACK_ATTEMPTS - 1 or UNREAD_PADDING not in error.message:
                raise


def run_health_check(connection: DockerConnection, name: str) -> None:
    """Podman leaves it to systemd to run health checks; where that does not run, the client has to."""
    path = LIBPOD + container_path(name, "/healthcheck")
    connection.wire.exchange(EngineRequest("GET", path), patience=CALL_TIMEOUT)


def last_verdicts(connection: DockerConnection, labels: Sequence[str]) -> Mapping[str, Health]:
    """How the last health checks ended, by the container's id. Podman's Docker API does not list it."""
    found = _list_containers(connection, {"label": list(labels), "status": ["running"]})
    return {entry.id: read_health(entry.status) for entry in found}


def idle_members(connection: DockerConnection, network: str) -> list[str]:
    """The ids of a network's containers that do not run: Podman keeps it for them, and names them nowhere else."""
    found = _list_containers(
        connection, {"network": [network], "status": ["created", "initialized", "exited", "stopped"]}
    )
    return [entry.id for entry in found]


def _list_containers(connection: DockerConnection, filters: Mapping[str, list[str]]) -> list[_LibpodContainer]:
    request = EngineRequest("GET", f"{LIBPOD}/containers/json", {"all": "true", "filters": json.dumps(filters)})
    answer = connection.wire.exchange(request, patience=LIST_PATIENCE)
    answer.check()
    return answer.read_list(_LibpodContainer)
