"""What may be shown of values that may be secrets: hashes of variables, and texts without known secrets."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from previewer.domain.json_value import JsonValue, as_text, canonical_json

MASK = "•••"
SHORTEST_SECRET = 4
"""Shorter values would mask ordinary words."""
_SECRET_NAME = re.compile(
    r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|PRIVATE|DSN|DATABASE_URL|CONNECTION", re.IGNORECASE
)


class Secrecy:
    """One run's way of showing values. With a key of its own, nobody can try values against the hashes."""

    def __init__(self, key: bytes, secrets: Iterable[str] = ()) -> None:
        """``key`` is to be random and forgotten; ``secrets`` are values that no text may show."""
        self._key = key
        self._secrets = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len, reverse=True)

    def knowing(self, secrets: Iterable[str]) -> Secrecy:
        """The same that knows of more secrets."""
        return Secrecy(self._key, (*self._secrets, *secrets))

    def hashed(self, value: str) -> str:
        """Equal for equal values of one run, and of no other."""
        digest = hmac.new(self._key, value.encode("utf-8", "surrogateescape"), hashlib.sha256)
        return f"value #{digest.hexdigest()[:8]}"

    def masked(self, text: str) -> str:
        """``text`` without the secrets that are known."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def shown(self, value: JsonValue) -> str:
        """A field's value as text: nothing for an absent one, JSON for what is no text."""
        if value is None:
            return ""
        text = as_text(value) or canonical_json(value).decode("utf-8", "replace")
        return self.masked(text)


def is_secret_name(variable: str) -> bool:
    """Whether a variable called so probably holds a secret."""
    return _SECRET_NAME.search(variable) is not None
