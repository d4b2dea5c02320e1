"""Calls about the services of a swarm."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import field

from previewer.docker_api.answers import Answer
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import LIST_PATIENCE, delete, get, post, service_path
from previewer.docker_api.swarm.tasks import Task, list_tasks
from previewer.docker_api.wire.protocol import EngineAnswer
from previewer.domain.json_value import JsonObject
from previewer.errors import EngineError, ObjectNotFoundError, TimedOutError

OUT_OF_SEQUENCE = "update out of sequence"
"""In the manager's refusal of an update of a service that another client has just changed."""
UPDATE_ATTEMPTS = 5
REMOVAL_SECONDS = 120.0
"""How long nodes may take to end the tasks of a service."""
POLL_SECONDS = 0.1


class _Mount(Answer, frozen=True):
    kind: str = field(default="", name="Type")
    source: str = ""


class _FileReference(Answer, frozen=True):
    config: str = field(default="", name="ConfigID")
    secret: str = field(default="", name="SecretID")


class _ContainerSpec(Answer, frozen=True):
    image: str = ""
    has_terminal: bool = field(default=False, name="TTY")
    mounts: tuple[_Mount, ...] | None = None
    configs: tuple[_FileReference, ...] | None = None
    secrets: tuple[_FileReference, ...] | None = None
    health: dict[str, Any] | None = field(default=None, name="Healthcheck")


class _Attachment(Answer, frozen=True):
    target: str = ""


class _Restart(Answer, frozen=True):
    condition: str = "any"
    attempts: int = field(default=0, name="MaxAttempts")


class _Limits(Answer, frozen=True):
    memory: int = field(default=0, name="MemoryBytes")
    pids: int = 0


class _Resources(Answer, frozen=True):
    limits: _Limits | None = None


class _Template(Answer, frozen=True):
    container: _ContainerSpec = field(default_factory=_ContainerSpec, name="ContainerSpec")
    resources: _Resources | None = None
    networks: tuple[_Attachment, ...] | None = None
    restart: _Restart | None = field(default=None, name="RestartPolicy")


class _Replicated(Answer, frozen=True):
    replicas: int = 0


class _Mode(Answer, frozen=True):
    replicated: _Replicated | None = None


class _ServiceSpec(Answer, frozen=True):
    name: str
    labels: dict[str, str] | None = None
    template: _Template = field(default_factory=_Template, name="TaskTemplate")
    mode: _Mode = _Mode()


class _Version(Answer, frozen=True):
    index: int = 0


class _RawService(Answer, frozen=True):
    spec: dict[str, Any] = field(default_factory=dict)
    """Every field of it: an update has to send them all."""


class Service(Answer, frozen=True):
    """One of ``GET /services``."""

    id: str = field(name="ID")
    spec: _ServiceSpec
    created: str = field(default="", name="CreatedAt")
    version: _Version = _Version()
    previous: dict[str, Any] | None = field(default=None, name="PreviousSpec")
    """What it was before it was last scaled; nothing for one that never was."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its own labels, not its containers'."""
        return self.spec.labels or {}

    @property
    def replicas(self) -> int:
        """How many tasks it is to have."""
        return self.spec.mode.replicated.replicas if self.spec.mode.replicated else 0


def list_services(connection: DockerConnection, labels: Sequence[str]) -> tuple[Service, ...]:
    """The services with all of ``labels`` (``key=value``), sorted by name."""
    with translate_errors("list services", subject=connection.host):
        parameters = {"filters": json.dumps({"label": list(labels)})}
        found = get(connection, "/services", parameters, patience=LIST_PATIENCE).read_list(Service)
    return tuple(sorted(found, key=lambda service: service.spec.name))


def inspect_service(connection: DockerConnection, name: str) -> Service:
    """One service by its name or id. Raises :class:`ObjectNotFoundError`."""
    return _inspect(connection, name).read(Service)


def registry_login(reference: str) -> str:
    """What nodes are given to pull an image of a registry; empty where the user has no login there."""
    if "/" not in reference:
        return ""
    from previewer.docker_api.registry.connection import find_credentials  # brings the SDK

    credentials = find_credentials(reference.partition("/")[0])
    return credentials.header if credentials else ""


def create_service(connection: DockerConnection, body: JsonObject, *, name: str, registry_login: str = "") -> None:
    """Make a service from a raw specification; nodes pull its image with ``registry_login``.

    Raises :class:`ConflictError` for a taken name.
    """
    headers = {"X-Registry-Auth": registry_login} if registry_login else {}
    with translate_errors("create it", subject=f"service {name}"):
        post(connection, "/services/create", body, headers=headers)


def scale_service(connection: DockerConnection, name: str, replicas: int) -> None:
    """Let a service have so many tasks. Nothing else of it changes. Raises :class:`ObjectNotFoundError`."""
    for attempt in range(UPDATE_ATTEMPTS):
        answer = _inspect(connection, name)
        found = answer.read(Service)
        if found.replicas == replicas:
            return
        body: JsonObject = {**answer.read(_RawService).spec, "Mode": {"Replicated": {"Replicas": replicas}}}
        try:
            with translate_errors(f"give it {replicas} tasks", subject=f"service {name}"):
                # The login of its creation stays.
                parameters = {"version": str(found.version.index)}
                post(connection, service_path(found.id, "/update"), body, parameters)
            return
        except EngineError as error:
            if OUT_OF_SEQUENCE not in error.message or attempt == UPDATE_ATTEMPTS - 1:
                raise


def remove_service(connection: DockerConnection, name: str) -> tuple[Task, ...]:
    """Remove a service. Nothing happens if it is gone. Its tasks end later: the ones that it had."""
    try:
        found = inspect_service(connection, name)
        tasks = list_tasks(connection, found.id)
        with translate_errors("remove it", subject=f"service {name}"):
            delete(connection, service_path(found.id))
    except ObjectNotFoundError:
        return ()
    return tasks


def await_no_tasks(
    connection: DockerConnection, tasks: Sequence[Task], *, away: frozenset[str], subject: str
) -> None:
    """Wait until the nodes have ended and removed tasks, but for those on nodes that are ``away``.

    Raises :class:`TimedOutError` where one goes on.
    """
    wanted = {task.id for task in tasks if task.node not in away}
    deadline = time.monotonic() + REMOVAL_SECONDS
    while wanted and (left := wanted & {task.id for task in list_tasks(connection)}):
        if time.monotonic() > deadline:
            raise TimedOutError(
                f"{len(left)} of its tasks did not end within {REMOVAL_SECONDS:g} seconds",
                where=subject,
                hint="`docker node ls` shows whether their nodes answer",
            )
        time.sleep(POLL_SECONDS)


def _inspect(connection: DockerConnection, name: str) -> EngineAnswer:
    with translate_errors("inspect it", subject=f"service {name}"):
        return get(connection, service_path(name))
