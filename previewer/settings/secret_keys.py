"""Settings about secrets: where their values come from, and from where they may come on a user's machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from previewer.settings import values

SECRET_KINDS = ("env", "file", "cmd", "sops", "op")
"""What a source begins with, before a colon."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXAMPLE = 'a table such as DB_PASSWORD = "env:CI_DB_PASSWORD"'


def read_secrets(value: object) -> Mapping[str, str]:
    """Sources by the variables that they give. Raises :class:`SettingValueError`."""
    if not isinstance(value, dict):
        raise values.SettingValueError(_EXAMPLE)
    found: dict[str, str] = {}
    for name, source in value.items():
        kind, colon, rest = source.partition(":") if isinstance(source, str) else ("", "", "")
        if not _NAME.fullmatch(name):
            raise values.SettingValueError("named like an environment variable", path=(name,))
        if kind not in SECRET_KINDS or not colon or not rest.strip():
            kinds = ", ".join(f"{kind}:…" for kind in SECRET_KINDS)
            raise values.SettingValueError(f"a source such as {kinds}", path=(name,))
        found[name] = f"{kind}:{rest.strip()}"
    return MappingProxyType(found)


def read_kinds(value: object) -> frozenset[str]:
    """The kinds of sources that are allowed. Raises :class:`SettingValueError`."""
    kinds = frozenset(kind.strip() for kind in values.read_texts(value))
    if unknown := sorted(kinds - set(SECRET_KINDS)):
        raise values.SettingValueError(f"of {', '.join(SECRET_KINDS)}, and not {', '.join(unknown)}")
    return kinds
