"""Settings about trust: what branches may have and which images they may name; where secrets may come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from previewer.domain.compose.definition import Role
from previewer.domain.policy.table import read_grant
from previewer.domain.policy.trust import Grant
from previewer.settings import values
from previewer.settings.model import Settings
from previewer.settings.row import Apply, Locate


def _with_grants(settings: Settings, grants: tuple[Grant, ...]) -> Settings:
    trust = replace(settings.trust, grants=(*settings.trust.grants, *grants))
    return replace(settings, trust=trust)


def allow_for(role: Role) -> Apply:
    """What every branch may have in a role."""

    def apply(settings: Settings, value: object, locate: Locate) -> Settings:
        texts = values.read_texts(value)
        return _with_grants(
            settings, tuple(read_grant(text, source=locate(item=text), role=role) for text in texts)
        )

    return apply


_TRUST_KEYS: Mapping[str, object] = {"branches": (), "roles": (), "allow": ()}


def take_trust(settings: Settings, value: object, locate: Locate) -> Settings:
    """The tables below ``[[trust]]``: what branches with matching names may have."""
    if not isinstance(value, list):
        raise values.SettingValueError("an array of tables, each below [[trust]]")
    grants: list[Grant] = []
    for index, entry in enumerate(value):
        try:
            grants.extend(_trusted(entry, lambda *keys, item=None, at=str(index): locate(at, *keys, item=item)))
        except values.SettingValueError as error:
            raise values.SettingValueError(str(error), path=(str(index), *error.path)) from error
    return _with_grants(settings, tuple(grants))


def _trusted(entry: object, locate: Locate) -> Iterator[Grant]:
    table = values.read_table(entry, _TRUST_KEYS)
    branches = values.read_texts(table.get("branches", []))
    if not branches:
        raise values.SettingValueError('for some branches: branches = ["main", "release/*"]')
    roles: list[Role | None] = [values.read_role(role) for role in values.read_texts(table.get("roles", []))] or [
        None
    ]
    for text in values.read_texts(table.get("allow", [])):
        source = locate("allow", item=text)
        for role in roles:
            yield read_grant(text, source=source, role=role, branches=branches)


def take_images(settings: Settings, value: object, locate: Locate) -> Settings:
    """The images that branches may name."""
    del locate
    images = (*(settings.trust.images or ()), *values.read_texts(value))
    return replace(settings, trust=replace(settings.trust, images=images))


def take_replaced(settings: Settings, value: object, locate: Locate) -> Settings:
    """Paths whose bind mounts are replaced."""
    del locate
    replaced = (*settings.trust.replaced, *values.read_texts(value))
    return replace(settings, trust=replace(settings.trust, replaced=replaced))


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
