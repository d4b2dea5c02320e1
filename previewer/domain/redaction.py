"""Take the values of known secrets out of text that is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from previewer.domain.definition import Definition

SHORTEST_SECRET = 4
"""Characters: a shorter value would take harmless words apart, and hides nothing."""
SHORTEST_UNNAMED = 8
"""Characters, of a variable whose name does not say that it is secret."""
MASK = "***"
_PASSWORDS = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
_SECRET_NAMES = re.compile(r"PASSW|PWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE)


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """What replaces every one of ``secrets`` in a text; the longest first, as one may begin like another.

    Of a secret of several lines each line is one.
    """
    parts = {line.strip() for secret in secrets for line in secret.splitlines()}
    known = sorted((part for part in parts if len(part) >= SHORTEST_SECRET), key=len, reverse=True)
    if not known:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, known)))
    return lambda text: pattern.sub(MASK, text)


def is_secret_value(name: str, value: str) -> bool:
    """Whether the value of a user's variable is masked: short ones are mostly words, such as ``main``."""
    return len(value) >= SHORTEST_UNNAMED or _SECRET_NAMES.search(name) is not None


def named_secrets(definition: Definition) -> Iterator[str]:
    """The values of variables whose names say that they are secret (``DB_PASSWORD``, ``API_TOKEN``), and the
    passwords in URLs (``postgres://shop:PASSWORD@db``)."""
    for service in definition.services.values():
        for name, value in service.environment.items():
            if value and _SECRET_NAMES.search(name):
                yield value
            yield from _PASSWORDS.findall(value or "")
