"""From what the wire and the docker SDK raise to the errors of previewer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from previewer.docker_api.failures import connection_error, innermost_reason, refusal_error, silence_error
from previewer.docker_api.wire.protocol import RefusedError, UnreadableAnswerError
from previewer.errors import EngineError


@contextmanager
def translate_errors(action: str, *, subject: str) -> Iterator[None]:
    """Turn what the wire and the SDK raise inside the block into an :class:`EngineError`.

    ``action`` continues "could not …" (``start it``, ``list containers``); ``subject`` is the object that the
    error is about (``container shop-main-g1-web-1``) and becomes the error's ``where``.
    """
    try:
        yield
    except RefusedError as error:
        raise refusal_error(action, subject, error.status, error.text) from error
    except UnreadableAnswerError as error:
        hint = "update previewer, or tell its makers of this engine: `docker version`"
        raise EngineError(f"could not {action}: {error}", where=subject, hint=hint) from error
    except TimeoutError as error:
        raise silence_error(action, subject) from error
    except ConnectionError as error:
        raise connection_error(action, subject, innermost_reason(error)) from error
    except Exception as error:
        translated = _of_sdk(action, subject, error)
        if translated is None:
            raise
        raise translated from error


def _of_sdk(action: str, subject: str, error: Exception) -> EngineError | None:
    """The error to raise for what the SDK or its HTTP libraries raised; ``None`` for what does not come from them.

    An error of a library that was not imported cannot have been raised.
    """
    if "requests" not in sys.modules:
        return None
    import docker
    import requests.exceptions
    import urllib3.exceptions

    if isinstance(error, docker.errors.APIError):
        text = " ".join(str(error.explanation or error).split())
        return refusal_error(action, subject, error.status_code or 0, text)
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return silence_error(action, subject)
    lost = requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError
    if isinstance(error, lost | urllib3.exceptions.HTTPError):
        return connection_error(action, subject, innermost_reason(error))
    if isinstance(error, docker.errors.DockerException | requests.exceptions.RequestException):
        return EngineError(f"could not {action}: {error}", where=subject)
    return None
