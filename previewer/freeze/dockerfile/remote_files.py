"""``ADD`` of something from the network: it must say which content it means, or no digest covers it."""

from __future__ import annotations

import re

from previewer.errors import DefinitionError
from previewer.freeze.dockerfile.bases import split_flags
from previewer.freeze.dockerfile.instructions import Dockerfile
from previewer.freeze.dockerfile.variables import unquote

_URL = re.compile(r"https?://", re.IGNORECASE)
_GIT = re.compile(r"git@|git://|ssh://|https?://[^#?]+\.git(?:[#?]|$)", re.IGNORECASE)
_COMMIT = re.compile(r"#(?:[0-9a-f]{40}|[0-9a-f]{64})(?::|$)")
_CHECKSUM = re.compile(r"--checksum=[\"']?(?:sha256:[0-9a-f]{64}|[0-9a-f]{40,64})[\"']?$")


def refuse_remote_files(dockerfile: Dockerfile, *, where: str) -> None:
    """Raise :class:`DefinitionError`, with the line, for a remote ``ADD`` that may give other files tomorrow.

    A URL needs ``--checksum=sha256:…``, a repository that or a full commit id: ``….git#COMMIT``. Stages that the
    target does not need are looked at as well.
    """
    for instruction in dockerfile.instructions:
        if instruction.keyword != "ADD":
            continue
        flags, words = split_flags(instruction.arguments)
        if any(_CHECKSUM.fullmatch(flag) for flag in flags):
            continue
        for word in map(unquote, _json_words(words)[:-1]):
            if _GIT.match(word) and _COMMIT.search(word):
                continue
            if _GIT.match(word):
                hint = "name a full commit id: ….git#COMMIT"
            elif _URL.match(word):
                hint = "say which: ADD --checksum=sha256:… (needs BuildKit), or commit the file"
            else:
                continue
            raise DefinitionError(
                f"ADD {word} may be another file tomorrow", where=f"{where}:{instruction.line}", hint=hint
            )


def _json_words(words: list[str]) -> list[str]:
    """The sources and the destination; in the form of a JSON list, without its brackets and commas."""
    if words and words[0].startswith("["):
        return [word for word in (word.strip("[], ") for word in words) if word]
    return words
