"""Settings about trust: what branches may have, in which roles, and which images they may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from previewer.domain.compose.definition import Location, Role
from previewer.domain.policy.table import read_grant
from previewer.domain.policy.trust import Grant
from previewer.settings import values
from previewer.settings.model import Settings

Locate: TypeAlias = Callable[..., Location]
"""Where the value at hand is written: ``locate()``, ``locate(item="bind")``, ``locate("0", "branches")``."""
Apply: TypeAlias = Callable[[Settings, object, Locate], Settings]


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
