"""What may be shown of values that may be secrets: hashes of variables, and text without the values of known
secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from previewer.domain.compose.definition import Definition
from previewer.domain.json_value import JsonValue, as_text, canonical_json

MASK = "•••"
SHORTEST_SECRET = 4
"""Shorter values would mask ordinary words."""
_SECRET_NAME = re.compile(
    r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|PRIVATE|DSN|DATABASE_URL|CONNECTION", re.IGNORECASE
)


class Secrecy:
    """One run's way of showing values. With a key of its own, values cannot be tried against the hashes."""

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


SHORTEST_REDACTED = 4
"""Characters: a shorter value would take harmless words apart, and hides nothing."""
SHORTEST_UNNAMED = 8
"""Characters, of a variable whose name does not say that it is secret."""
REDACTED = "***"
_PASSWORDS = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
_SECRET_NAMES = re.compile(r"PASSW|PWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE)


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """What replaces every one of ``secrets`` in a text; the longest first, as one may begin like another.

    Of a secret of several lines each line is one.
    """
    parts = {line.strip() for secret in secrets for line in secret.splitlines()}
    known = sorted((part for part in parts if len(part) >= SHORTEST_REDACTED), key=len, reverse=True)
    if not known:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, known)))
    return lambda text: pattern.sub(REDACTED, text)


def is_secret_value(name: str, value: str) -> bool:
    """Whether the value of a user's variable is masked: short ones are mostly words, such as ``main``."""
    return len(value) >= SHORTEST_UNNAMED or _SECRET_NAMES.search(name) is not None


def secret_variables(definition: Definition, variables: Mapping[str, str]) -> Iterator[str]:
    """The values of variables whose names say that they are secret, and of those that ``secrets`` are made of."""
    sources = {secret.environment for secret in definition.served["secrets"].values()}
    for name, value in variables.items():
        if name in sources or _SECRET_NAMES.search(name):
            yield value


def named_secrets(definition: Definition) -> Iterator[str]:
    """The values of variables whose names say that they are secret (``DB_PASSWORD``, ``API_TOKEN``), and the
    passwords in URLs (``postgres://shop:PASSWORD@db``)."""
    for service in definition.services.values():
        for name, value in service.environment.items():
            if value and _SECRET_NAMES.search(name):
                yield value
            yield from _PASSWORDS.findall(value or "")
