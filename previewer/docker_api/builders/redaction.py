"""Take the values of a build's secrets out of what is shown and kept."""

from __future__ import annotations

from collections.abc import Collection

from previewer.errors import BuildError

MASK = "***"
SHORTEST = 4
"""Bytes. Shorter values would mask half the output, and are no secret."""


class Redaction:
    """Knows what must not be seen. A step that encodes a secret before it prints it is beyond us."""

    def __init__(self, secrets: Collection[bytes]) -> None:
        texts = {line.strip() for secret in secrets for line in secret.decode("utf-8", "replace").splitlines()}
        self._texts = sorted((text for text in texts if len(text) >= SHORTEST), key=len, reverse=True)

    def line(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._texts:
            text = text.replace(secret, MASK)
        return text

    def error(self, error: BuildError) -> BuildError:
        """The same error without secrets."""
        details = tuple(map(self.line, error.details))
        return BuildError(self.line(error.message), where=error.where, hint=error.hint, details=details)
