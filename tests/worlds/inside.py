"""Commands run in containers, and all that they print.

``exec_start`` of the docker SDK asks for an upgraded connection and then reads the socket beneath what
``http.client`` has read ahead: what arrives together with the head of the answer is lost, and text is taken for
the head of a frame (docker-py issues 425, 1732 and 3332). An ordinary request has no such gap.
"""

from __future__ import annotations

from collections.abc import Iterator

import requests
from docker import APIClient
from docker.errors import create_api_error_from_http_exception

HEAD = 8
"""Bytes before each frame: the stream, three zeros, and the length (Engine API, "Stream format")."""


def run_inside(api: APIClient, container: str, *command: str) -> bytes:
    """What ``command`` prints in ``container``, both streams of it."""
    return b"".join(follow_inside(api, container, *command))


def follow_inside(api: APIClient, container: str, *command: str) -> Iterator[bytes]:
    """The same as it comes, until the command ends. Raises :class:`docker.errors.APIError`."""
    run = api.exec_create(container, list(command))["Id"]
    answer = api.post(
        f"{api.base_url}/v{api.api_version}/exec/{run}/start", json={"Detach": False, "Tty": False}, stream=True
    )
    with answer:
        try:
            answer.raise_for_status()
        except requests.HTTPError as refusal:
            create_api_error_from_http_exception(refusal)
        while len(head := answer.raw.read(HEAD)) == HEAD:
            yield answer.raw.read(int.from_bytes(head[4:]))
