"""What a registry's refusal means, whether the registry or an engine reports it."""

from __future__ import annotations

from http import HTTPStatus

from msgspec import Struct

from previewer.docker_api.failures import FULL_DISK, FULL_DISK_HINT

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
