"""What registries answer, read only up to a limit: the server decides what is sent."""

from __future__ import annotations

import json

import requests
import urllib3.exceptions

from previewer.docker_api.failures import innermost_reason
from previewer.domain.json_value import JsonValue
from previewer.errors import RegistryError

PIECE_BYTES = 1 << 16
MAX_WORDS_BYTES = 64 << 10
"""Of an error or a token."""
HEADERS = {"Accept-Encoding": "identity"}
"""For every request: what is compressed could be a thousand times as long once it is read."""


def read_answer(answer: requests.Response, limit: int, *, where: str) -> bytes:
    """The content as it was sent, at most ``limit`` bytes. Raises :class:`RegistryError`, also for more."""
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


def read_words(answer: requests.Response, *, where: str) -> JsonValue:
    """The JSON of a short answer; ``None`` for anything else."""
    try:
        return parse_json(read_answer(answer, MAX_WORDS_BYTES, where=where))
    except (RegistryError, ValueError):
        return None


def parse_json(content: bytes) -> JsonValue:
    """JSON from outside. Raises :class:`ValueError`, also for what is nested too deeply."""
    try:
        value: JsonValue = json.loads(content)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value
