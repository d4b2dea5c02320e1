"""What registries answer, read only up to a limit: the server decides what is sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, json

from previewer.docker_api.errors import FULL_DISK, FULL_DISK_HINT, innermost_reason
from previewer.errors import RegistryError

if TYPE_CHECKING:  # what asks no registry is not to pay for it
    import requests

Kind = TypeVar("Kind", bound=Struct)
PIECE_BYTES = 1 << 16
MAX_WORDS_BYTES = 64 << 10
"""Of an error or a token."""
HEADERS = {"Accept-Encoding": "identity"}
"""For every request: what is compressed could be a thousand times as long once it is read."""


def read_answer(answer: requests.Response, limit: int, *, where: str) -> bytes:
    """The content as it was sent, at most ``limit`` bytes. Raises :class:`RegistryError`, also for more."""
    import urllib3.exceptions  # loaded with what gave the answer

    pieces, size = [], 0
    try:
        for piece in answer.raw.stream(PIECE_BYTES, decode_content=False):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                answer.close()
                raise RegistryError(f"this is larger than the {limit} bytes that are read", where=where)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise RegistryError(
            f"the registry broke off ({innermost_reason(error)})", where=where, hint="try again"
        ) from error
    return b"".join(pieces)


def read_words(answer: requests.Response, kind: type[Kind], *, where: str) -> Kind:
    """What a short answer says; an empty one for anything else."""
    try:
        return parse_json(read_answer(answer, MAX_WORDS_BYTES, where=where), kind)
    except (RegistryError, ValueError):
        return kind()


def parse_json(content: bytes, kind: type[Kind]) -> Kind:
    """JSON from outside. Raises :class:`ValueError`, also for what is nested too deeply."""
    try:
        return json.decode(content, type=kind)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


LIMIT_WORDS = ("toomanyrequests", "too many requests", "rate limit", "pull limit")
UNKNOWN_WORDS = ("unauthorized", "authentication required", "no basic auth")
DENIED_WORDS = ("denied", "forbidden")
FAILING_WORDS = ("unexpected http status: 5", "unexpected status: 5", "unexpected status code 5", "status 5")
UNREACHED_WORDS = ("http response to https client", "connection refused", "no such host")


class RegistryRefusal(Struct, frozen=True):
    """Why a registry gives nothing."""

    reason: str
    """``the registry's rate limit is reached``; empty where nothing is known about it."""
    hint: str | None = None


class TagAnswer(Struct, frozen=True):
    """What came of the question. All are empty where the registry knows no such image."""

    digest: str | None = None
    """``sha256:…``."""
    refusal: RegistryRefusal | None = None
    """Why it did not say."""
    is_silent: bool = False
    """Whether it did not answer at all."""
    problem: str = ""
    """Why the user's credentials could not be had."""


def read_refusal(registry: str, status: int, said: str) -> RegistryRefusal:
    """What a status (0 where none is known) and the words with it mean."""
    text = said.lower()
    if status == HTTPStatus.TOO_MANY_REQUESTS or any(word in text for word in LIMIT_WORDS):
        return RegistryRefusal(
            "the registry's rate limit is reached", f"wait, or sign in for a higher limit: docker login {registry}"
        )
    if status == HTTPStatus.UNAUTHORIZED or any(word in text for word in UNKNOWN_WORDS):
        return RegistryRefusal("the registry wants to know who you are", f"sign in: docker login {registry}")
    if status == HTTPStatus.FORBIDDEN or any(word in text for word in DENIED_WORDS):
        return RegistryRefusal(
            "the registry has no such image, or does not let this user read it", sign_in_hint(registry)
        )
    if FULL_DISK in text:
        return RegistryRefusal("", FULL_DISK_HINT)
    if any(word in text for word in FAILING_WORDS):
        return RegistryRefusal("the registry itself fails", "try again later")
    if any(word in text for word in UNREACHED_WORDS):
        return RegistryRefusal(
            "",
            "the engine itself has to reach the registry; `insecure-registries` of its settings allows plain HTTP",
        )
    return RegistryRefusal("")


def sign_in_hint(registry: str) -> str:
    """What to do where the registry knows the user, and that this is not for them."""
    return f"sign in with an account that may: docker login {registry}"
