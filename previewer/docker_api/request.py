"""Requests to an engine, in the version of its API that the connection speaks.

All raise what the wire raises, for :func:`~previewer.docker_api.errors.translate_errors`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from previewer.docker_api.connection import CALL_TIMEOUT, DockerConnection, docker_version
from previewer.docker_api.wire import JSON, EngineAnswer, EngineRequest, OpenAnswer
from previewer.domain.json_value import JsonObject, JsonValue, as_object

if TYPE_CHECKING:  # most commands do without
    import requests

ARCHIVE = "application/x-tar"
LIST_PATIENCE = 15.0
"""Seconds that an engine may take to list what it has."""


def get_json(
    connection: DockerConnection,
    path: str,
    parameters: Mapping[str, str] | None = None,
    *,
    patience: float = CALL_TIMEOUT,
) -> JsonValue:
    """Get a path of the API (``/networks``); ``patience`` is how many seconds the engine may take to answer.

    Reading costs an engine little: one that does not answer soon has stopped, or nearly so.
    """
    return _exchange(connection, "GET", path, parameters, patience=patience)


def post_json(
    connection: DockerConnection, path: str, body: JsonObject, parameters: Mapping[str, str] | None = None
) -> JsonObject:
    """Post a body to a path of the API; the answer, empty if there is none."""
    return as_object(_exchange(connection, "POST", path, parameters, body=json.dumps(body).encode()))


def post_only(connection: DockerConnection, path: str, body: JsonObject) -> None:
    """Post a body to a path whose answer says nothing: Podman's to some is no JSON."""
    _ask(connection, "POST", path, None, body=json.dumps(body).encode()).check()


def post_empty(
    connection: DockerConnection,
    path: str,
    parameters: Mapping[str, str] | None = None,
    *,
    patience: float = CALL_TIMEOUT,
) -> None:
    """Post nothing to a path of the API, and wait up to ``patience`` seconds for an answer without content."""
    _exchange(connection, "POST", path, parameters, patience=patience)


def delete(connection: DockerConnection, path: str, parameters: Mapping[str, str] | None = None) -> None:
    """Delete what is at a path of the API."""
    _exchange(connection, "DELETE", path, parameters)


def put_archive(connection: DockerConnection, path: str, archive: bytes, parameters: Mapping[str, str]) -> None:
    """Put a tar archive to a path of the API."""
    _exchange(connection, "PUT", path, parameters, body=archive, content_type=ARCHIVE)


def open_stream(connection: DockerConnection, path: str, parameters: Mapping[str, str]) -> OpenAnswer:
    """Get a path whose answer arrives bit by bit. There is no time limit between two bits."""
    request = EngineRequest("GET", _versioned(connection, path), parameters)
    return connection.wire.open(request, patience=CALL_TIMEOUT)


def open_answer(connection: DockerConnection, path: str, parameters: Mapping[str, str]) -> requests.Response:
    """As :func:`open_stream`, by the SDK: with headers, and as a file."""
    api = connection.api
    url = f"{api.base_url}{_versioned(connection, path)}"
    response = api.get(url, params=parameters, stream=True, timeout=(api.timeout, None))
    if not response.ok:
        _raise_api_error(response)
    return response


def _exchange(
    connection: DockerConnection,
    method: str,
    path: str,
    parameters: Mapping[str, str] | None,
    *,
    body: bytes | None = None,
    content_type: str = JSON,
    patience: float = CALL_TIMEOUT,
) -> JsonValue:
    answer = _ask(connection, method, path, parameters, body=body, content_type=content_type, patience=patience)
    answer.check()
    return answer.json()


def _ask(
    connection: DockerConnection,
    method: str,
    path: str,
    parameters: Mapping[str, str] | None,
    *,
    body: bytes | None = None,
    content_type: str = JSON,
    patience: float = CALL_TIMEOUT,
) -> EngineAnswer:
    request = EngineRequest(method, _versioned(connection, path), parameters or {}, body, content_type)
    return connection.wire.exchange(request, patience=patience)


def _versioned(connection: DockerConnection, path: str) -> str:
    return f"/v{docker_version(connection.api_version)}{path}"


def _raise_api_error(response: requests.Response) -> NoReturn:
    import requests.exceptions

    from previewer.docker_api.sdk import docker

    try:
        response.raise_for_status()
    except requests.exceptions.HTTPError as error:
        docker.errors.create_api_error_from_http_exception(error)
    raise docker.errors.APIError("unexpected answer", response=response)
