"""Configs and secrets: files that the managers keep, and that nodes put into the containers of tasks."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from urllib.parse import quote

from msgspec import field

from previewer.docker_api.answers import Answer
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import read_timestamp
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.image_files import FORGOTTEN_AFTER
from previewer.docker_api.request import LIST_PATIENCE, delete, get, post
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import PROCESS
from previewer.errors import ObjectNotFoundError
from previewer.process_identity import has_ended, identify

MAX_FILE_BYTES = 500 * 1024
"""Of one config or secret: swarmkit's limit (``manager/controlapi``)."""


class FileKind(Enum):
    """What the managers keep a file as: a secret is encrypted, and in memory on nodes."""

    CONFIG = "config"
    SECRET = "secret"  # noqa: S105 - a kind, not a value

    @property
    def path(self) -> str:
        """``/configs``."""
        return f"/{self.value}s"


class _FileSpec(Answer, frozen=True):
    name: str = ""
    labels: dict[str, str] | None = None


class _Made(Answer, frozen=True):
    id: str = field(default="", name="ID")


class SwarmFile(Answer, frozen=True):
    """One of ``GET /configs`` or ``GET /secrets``, whose content is not told."""

    id: str = field(name="ID")
    spec: _FileSpec = _FileSpec()
    created: str = field(default="", name="CreatedAt")

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.spec.labels or {}


def create_file(
    connection: DockerConnection, kind: FileKind, *, name: str, content: bytes, labels: Mapping[str, str]
) -> str:
    """Keep a file; its id. Raises :class:`ConflictError` for a taken name."""
    with translate_errors("create it", subject=f"{kind.value} {name}"):
        encoded = base64.b64encode(content).decode("ascii")
        body: JsonObject = {"Name": name, "Labels": {**labels}, "Data": encoded}
        return post(connection, f"{kind.path}/create", body).read(_Made).id


def list_files(connection: DockerConnection, kind: FileKind, labels: Sequence[str]) -> tuple[SwarmFile, ...]:
    """The files of a kind with all of ``labels`` (``key=value``)."""
    with translate_errors(f"list {kind.value}s", subject=connection.host):
        parameters = {"filters": json.dumps({"label": list(labels)})}
        return tuple(get(connection, kind.path, parameters, patience=LIST_PATIENCE).read_list(SwarmFile))


def of_this_process(labels: Mapping[str, str]) -> Mapping[str, str]:
    """``labels`` of what only this process needs."""
    return {**labels, PROCESS: identify()}


def list_forgotten(connection: DockerConnection, kind: FileKind, labels: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the files with ``labels`` that processes left which were killed."""
    old = connection.clock.theirs(datetime.now(UTC)) - timedelta(seconds=FORGOTTEN_AFTER)
    found = list_files(connection, kind, [f"{key}={value}" for key, value in labels.items()])
    made = [(file, read_timestamp(file.created)) for file in found]
    return tuple(
        file.spec.name
        for file, created in made
        if has_ended(file.labels.get(PROCESS, "")) or (created is not None and created < old)
    )


def remove_file(connection: DockerConnection, kind: FileKind, name: str) -> None:
    """Remove a file by its name or id. Nothing happens if it is gone."""
    try:
        with translate_errors("remove it", subject=f"{kind.value} {name}"):
            delete(connection, f"{kind.path}/{quote(name, safe='')}")
    except ObjectNotFoundError:
        return
