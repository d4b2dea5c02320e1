"""The errors of previewer for what fails between us and an engine: refusals, silence, broken connections."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from previewer.docker_api.wire.protocol import RefusedError, RuntimeSilentError, UnreadableAnswerError
from previewer.domain.engine.start_failures import explain_start
from previewer.errors import (
    ConflictError,
    EngineError,
    EngineUnreachableError,
    ImageGoneError,
    ObjectNotFoundError,
    PortTakenError,
    StuckContainerError,
    UnsupportedError,
)


class Refusal(Struct, frozen=True):
    """A sentence that engines are known to refuse with, whatever the HTTP status they give it."""

    fragment: str
    """Part of the sentence, in lower case."""
    error: type[EngineError]
    hint: str


PORT_HINT = "stop what uses that host port, or publish the port without naming a host port"
ADDRESS_HINT = "`network.publish` has to be an address of the engine's machine, or loopback"
SUBNET_HINT = "another network has that address range"
NAME_HINT = "something else has that name: remove it, or choose another name with --name"
STUCK_HINT = (
    "the engine was killed while it started this container, and can only make it again: `previewer replace`"
)
"""Docker before 24: its containerd still holds a task of that name."""
IMAGE_HINT = "it was removed from the engine: the same command again makes or fetches it"
FULL_DISK = "no space left on device"
FULL_DISK_HINT = (
    "the engine's disk is full: `previewer prune` frees what is unused, `docker builder prune` what builds cached"
)

REFUSALS = (
    Refusal("port is already allocated", PortTakenError, PORT_HINT),
    Refusal("address already in use", PortTakenError, PORT_HINT),
    Refusal("ports are not available", PortTakenError, PORT_HINT),
    Refusal("cannot assign requested address", ConflictError, ADDRESS_HINT),
    Refusal("pool overlaps", ConflictError, SUBNET_HINT),
    Refusal("overlaps with other", ConflictError, SUBNET_HINT),
    Refusal("subnet is already used", ConflictError, SUBNET_HINT),
    Refusal(
        "non-overlapping ipv4 address pool",
        ConflictError,
        "the engine has no address range left: remove unused networks (`docker network prune`)",
    ),
    Refusal(": already exists", StuckContainerError, STUCK_HINT),
    Refusal("id already in use", StuckContainerError, STUCK_HINT),
    Refusal("already exists", ConflictError, NAME_HINT),
    Refusal("is already in use by", ConflictError, NAME_HINT),
    Refusal(FULL_DISK, EngineError, FULL_DISK_HINT),
    Refusal("no such image", ImageGoneError, IMAGE_HINT),
    Refusal("image not known", ImageGoneError, IMAGE_HINT),
)
"""The first that fits counts. They come before the HTTP status, for engines use 500 for half of them."""

STATUS_ERRORS: dict[int, type[EngineError]] = {
    404: ObjectNotFoundError,
    409: ConflictError,
    501: UnsupportedError,
}


def silence_error(action: str, subject: str, *, of_runtime: bool = False) -> EngineUnreachableError:
    """The error for an engine that does not answer in time, or (``of_runtime``) that waits for its containerd."""
    if of_runtime:
        return EngineUnreachableError(
            f"could not {action}: the engine answers, but its containerd does not",
            where=subject,
            hint="look at containerd's state and log on the engine's machine; restarting it may help",
        )
    return EngineUnreachableError(
        f"could not {action}: the engine did not answer in time",
        where=subject,
        hint="the engine may be overloaded or stopped",
    )


def connection_error(action: str, subject: str, reason: str) -> EngineUnreachableError:
    """The error for a connection that failed."""
    return EngineUnreachableError(
        f"could not {action}: the connection to the engine failed ({reason})",
        where=subject,
        hint="check that the engine runs: `docker version`",
    )


def refusal_error(action: str, subject: str, status: int, text: str) -> EngineError:
    """The error for an HTTP answer of the engine; ``text`` is its explanation."""
    message = f"could not {action}: {text or f'the engine answered with status {status}'}"
    for refusal in REFUSALS:
        if refusal.fragment in text.lower():
            return refusal.error(message, where=subject, hint=refusal.hint)
    if (failure := explain_start(text)) is not None:
        return EngineError(f"could not {action}: {failure.meaning}", where=subject, hint=failure.hint)
    return STATUS_ERRORS.get(status, EngineError)(message, where=subject)


def innermost_reason(error: BaseException) -> str:
    """The operating system's words for a failed connection, dug out of the wrappers around them."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        inner = next(
            (
                part
                for part in (*error.args, error.__cause__, error.__context__)
                if isinstance(part, BaseException)
            ),
            None,
        )
        if inner is None:
            break
        error = inner
    return str(error) or type(error).__name__


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
        raise silence_error(action, subject, of_runtime=isinstance(error, RuntimeSilentError)) from error
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
