"""Requests to an engine: paths of its objects, in the version of its API that the connection speaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from previewer.docker_api.connection import CALL_TIMEOUT, DockerConnection, version_text
from previewer.docker_api.wire.protocol import EngineAnswer, EngineRequest, OpenAnswer
from previewer.domain.json_value import JsonObject

if TYPE_CHECKING:
    import requests


def container_path(name: str, what: str = "") -> str:
    """``/containers/NAME/json`` for ``/json``. An id is as good as a name."""
    return f"/containers/{quote(name, safe='')}{what}"


def service_path(name: str, what: str = "") -> str:
    """``/services/NAME/update`` for ``/update``."""
    return f"/services/{quote(name, safe='')}{what}"


def network_path(name: str, what: str = "") -> str:
    """``/networks/NAME/connect`` for ``/connect``."""
    return f"/networks/{quote(name, safe='')}{what}"


def volume_path(name: str) -> str:
    """``/volumes/NAME``."""
    return f"/volumes/{quote(name, safe='')}"


def image_path(reference: str, what: str = "") -> str:
    """``/images/REFERENCE/json`` for ``/json``; a reference keeps its slashes."""
    return f"/images/{quote(reference, safe='/:@')}{what}"


ARCHIVE = "application/x-tar"
REMOVAL_PATIENCE = 900.0
"""Seconds that removing one object may take: an image of 100,000 files takes a busy machine minutes."""
LIST_PATIENCE = 15.0
"""Seconds that an engine may take to list what it has."""


def get(
    connection: DockerConnection,
    path: str,
    parameters: Mapping[str, str] | None = None,
    *,
    patience: float = CALL_TIMEOUT,
) -> EngineAnswer:
    """Get a path of the API (``/networks``); ``patience`` is how many seconds the engine may take to answer.

    Reading costs an engine little: one that does not answer soon has stopped, or nearly so.
    """
    request = EngineRequest("GET", _versioned(connection, path), parameters or {})
    return _ask(connection, request, patience=patience)


def get_headers(connection: DockerConnection, path: str, parameters: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of the answer that getting a path would bring, by name in lower case."""
    return _ask(connection, EngineRequest("HEAD", _versioned(connection, path), parameters)).headers


def post(
    connection: DockerConnection,
    path: str,
    body: JsonObject | None = None,
    parameters: Mapping[str, str] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    patience: float = CALL_TIMEOUT,
) -> EngineAnswer:
    """Post a body, or nothing, to a path of the API; Podman's answers to some are no JSON."""
    content = None if body is None else json.dumps(body).encode()
    request = EngineRequest("POST", _versioned(connection, path), parameters or {}, content, headers=headers or {})
    return _ask(connection, request, patience=patience)


def delete(connection: DockerConnection, path: str, parameters: Mapping[str, str] | None = None) -> None:
    """Delete what is at a path of the API."""
    request = EngineRequest("DELETE", _versioned(connection, path), parameters or {})
    _ask(connection, request, patience=REMOVAL_PATIENCE)


def put_archive(connection: DockerConnection, path: str, archive: bytes, parameters: Mapping[str, str]) -> None:
    """Put a tar archive to a path of the API."""
    _ask(connection, EngineRequest("PUT", _versioned(connection, path), parameters, archive, ARCHIVE))


def open_stream(connection: DockerConnection, path: str, parameters: Mapping[str, str]) -> OpenAnswer:
    """Get a path whose answer arrives bit by bit. There is no time limit between two bits."""
    request = EngineRequest("GET", _versioned(connection, path), parameters)
    return connection.wire.open(request, patience=CALL_TIMEOUT)


def open_answer(connection: DockerConnection, path: str, parameters: Mapping[str, str]) -> requests.Response:
    """As :func:`open_stream`, by the SDK: with headers, and as a file."""
    from previewer.docker_api.wire.sdk_wire import check_response  # brings the SDK

    api = connection.api
    url = f"{api.base_url}{_versioned(connection, path)}"
    response = api.get(url, params=parameters, stream=True, timeout=(api.timeout, None))
    check_response(response)
    return response


def _ask(connection: DockerConnection, request: EngineRequest, *, patience: float = CALL_TIMEOUT) -> EngineAnswer:
    answer = connection.wire.exchange(request, patience=patience)
    answer.check()
    return answer


def _versioned(connection: DockerConnection, path: str) -> str:
    return f"/v{version_text(connection.api_version)}{path}"
