"""What the docker SDK and its HTTP libraries raise, as errors of previewer."""

from __future__ import annotations

import requests.exceptions
import urllib3.exceptions

from previewer.docker_api.failures import connection_error, innermost_reason, refusal_error, silence_error
from previewer.docker_api.wire.sdk import docker
from previewer.errors import EngineError


def translate_sdk_error(action: str, subject: str, error: Exception) -> EngineError | None:
    """The error to raise for what the SDK raised; ``None`` for what does not come from it."""
    if isinstance(error, docker.errors.APIError):
        return refusal_error(action, subject, error.status_code or 0, _text_of(error))
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return silence_error(action, subject)
    if isinstance(
        error,
        requests.exceptions.ConnectionError
        | requests.exceptions.ChunkedEncodingError
        | urllib3.exceptions.HTTPError,
    ):
        return connection_error(action, subject, innermost_reason(error))
    if isinstance(error, docker.errors.DockerException | requests.exceptions.RequestException):
        return EngineError(f"could not {action}: {error}", where=subject)
    return None


def _text_of(error: docker.errors.APIError) -> str:
    """What the engine itself said, on one line."""
    return " ".join(str(error.explanation or error).split())
