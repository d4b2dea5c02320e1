"""What a registry says that a tag means, asked through the engine, which reaches registries that we may not."""

from __future__ import annotations

from http import HTTPStatus

import requests.exceptions

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.registry.login import find_credentials
from previewer.docker_api.registry.refusals import TagAnswer, read_refusal
from previewer.docker_api.wire.sdk import docker
from previewer.domain.json_value import as_object, as_text

REGISTRY_TIMEOUT = 4.0
"""Seconds that a registry may take."""


def ask_tag_digest(connection: DockerConnection, reference: str) -> TagAnswer:
    """One question. Raises :class:`RegistryError` where the user's docker configuration cannot be read."""
    registry, _ = docker.auth.resolve_repository_name(reference)
    credentials = find_credentials(registry)
    problem = credentials.problem
    api = connection.api
    try:
        answer = api.get(
            f"{api.base_url}/v{api.api_version}/distribution/{reference}/json",
            headers={"X-Registry-Auth": credentials.header} if credentials else {},
            timeout=REGISTRY_TIMEOUT,
        )
    except requests.exceptions.RequestException:
        return TagAnswer(is_silent=True, problem=problem)
    body = as_object(answer.json())
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        digest = as_text(as_object(body.get("Descriptor")).get("digest")) or None
        return TagAnswer(digest, problem=problem)
    refusal = read_refusal(registry, answer.status_code, as_text(body.get("message")))
    if refusal.reason:
        return TagAnswer(refusal=refusal, problem=problem)
    return TagAnswer(is_silent=answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR, problem=problem)
