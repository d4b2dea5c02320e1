"""Requests that the SDK's own methods cannot express: raw bodies, and answers that stay open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import docker.errors
import requests
import requests.exceptions

from previewer.docker_api.connection import DockerConnection
from previewer.domain.json_value import JsonObject, JsonValue

LIST_PATIENCE = 15.0
"""Seconds that an engine may take to list what it has."""


def post_json(
    connection: DockerConnection, path: str, body: JsonObject, parameters: Mapping[str, str] | None = None
) -> JsonObject:
    """Post a body to a path of the API (``/networks/create``); the answer, empty if there is none.

    Raises what the SDK raises, for :func:`~previewer.docker_api.errors.translate_errors`.
    """
    api = connection.api
    response = api.post(_url(connection, path), json=body, params=parameters, timeout=api.timeout)
    if not response.ok:
        _raise_api_error(response)
    answer = response.json() if response.content.strip() else {}
    return answer if isinstance(answer, dict) else {}


def post_empty(connection: DockerConnection, path: str, parameters: Mapping[str, str], *, patience: float) -> None:
    """Post nothing to a path of the API, and wait up to ``patience`` seconds for an answer without content.

    Raises what the SDK raises, for :func:`~previewer.docker_api.errors.translate_errors`.
    """
    response = connection.api.post(_url(connection, path), params=parameters, timeout=patience)
    if not response.ok:
        _raise_api_error(response)


def get_json(
    connection: DockerConnection, path: str, parameters: Mapping[str, str] | None = None, *, patience: float
) -> JsonValue:
    """Get a path of the API; ``patience`` is how many seconds the engine may take to answer.

    Reading costs an engine little: one that does not answer soon has stopped, or nearly so.
    """
    response = connection.api.get(_url(connection, path), params=parameters, timeout=patience)
    if not response.ok:
        _raise_api_error(response)
    answer: JsonValue = response.json()
    return answer


def open_answer(connection: DockerConnection, path: str, parameters: Mapping[str, str]) -> requests.Response:
    """Get a path whose answer arrives bit by bit. There is no time limit between two bits."""
    connect_timeout = connection.api.timeout
    response = connection.api.get(
        _url(connection, path), params=parameters, stream=True, timeout=(connect_timeout, None)
    )
    if not response.ok:
        _raise_api_error(response)
    return response


def _url(connection: DockerConnection, path: str) -> str:
    return f"{connection.api.base_url}/v{connection.api.api_version}{path}"


def _raise_api_error(response: requests.Response) -> NoReturn:
    try:
        response.raise_for_status()
    except requests.exceptions.HTTPError as error:
        docker.errors.create_api_error_from_http_exception(error)
    raise docker.errors.APIError("unexpected answer", response=response)
