"""Lists whose items have an identity: a later item replaces the earlier one in its place.

Follows compose-go's ``override/uncity.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from previewer.definition.path_rules import PathRules
from previewer.definition.short_syntax.volumes import parse_volume
from previewer.definition.values import ModelError, Value
from previewer.definition.yaml.scalars import go_text
from previewer.domain.compose.definition import ModelPath
from previewer.domain.compose.key import Identity
from previewer.domain.compose.keys import ALL_KEYS

IdentityOf: TypeAlias = Callable[[Value], str]
"""Gives what makes an item of a list itself."""


def keep_last_of_equals(value: Value, rules: PathRules[IdentityOf] | None = None, path: ModelPath = ()) -> Value:
    """``value`` with every list in ``IDENTITIES`` freed of items that a later one replaces.

    Raises :class:`ModelError` with the place for an item that has no identity.
    """
    rules = IDENTITIES if rules is None else rules
    if isinstance(value, dict):
        return {
            key: keep_last_of_equals(item, below, (*path, key)) if (below := rules.child(key)) else item
            for key, item in value.items()
        }
    if rules.rule is None or not isinstance(value, list):
        return value
    kept: dict[str, Value] = {}
    for index, item in enumerate(value):
        try:
            kept[rules.rule(item)] = item
        except ModelError as error:
            raise error.under(*path, str(index)) from error
    return list(kept.values())


def _assigned_key(item: Value) -> str:
    if not isinstance(item, str):
        raise ModelError("this must be text")
    return item.split("=", 1)[0]


def _target_of(item: Value) -> str | None:
    """The ``target`` of a long form; ``None`` for a short one."""
    if not isinstance(item, dict):
        return None
    if not isinstance(item.get("target"), str):
        raise ModelError("a target is missing")
    return str(item["target"])


def _volume_target(item: Value) -> str:
    if (target := _target_of(item)) is not None:
        return target
    if not isinstance(item, str):
        raise ModelError("a volume is text or a mapping")
    return go_text(parse_volume(item)["target"])


def _device_target(item: Value) -> str:
    if (target := _target_of(item)) is not None:
        return target
    parts = go_text(item).split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _port_identity(item: Value) -> str:
    if not isinstance(item, dict):
        return go_text(item)
    if "target" not in item:
        raise ModelError("a port has no target")
    host = go_text(item.get("host_ip", "0.0.0.0"))  # noqa: S104 - compared, never bound
    published = go_text(item.get("published"))
    return f"{host}:{published}:{go_text(item['target'])}/{go_text(item.get('protocol', 'tcp'))}"


def _mounted_file(directory: str) -> IdentityOf:
    """Where a secret or config appears in the container, by default below ``directory``."""

    def identity(item: Value) -> str:
        if isinstance(item, dict):
            target = item.get("target")
            return go_text(target) if target is not None else f"{directory}/{go_text(item.get('source'))}"
        return f"{directory}/{go_text(item)}"

    return identity


def _environment_file(item: Value) -> str:
    return go_text(item.get("path")) if isinstance(item, dict) else go_text(item)


IDENTITIES_BY_NAME: Mapping[Identity, IdentityOf] = {
    Identity.CONFIG_TARGET: _mounted_file(""),
    Identity.DEVICE_TARGET: _device_target,
    Identity.FILE_PATH: _environment_file,
    Identity.NAME: _assigned_key,
    Identity.PORT: _port_identity,
    Identity.SECRET_TARGET: _mounted_file("/run/secrets"),
    Identity.VALUE: go_text,
    Identity.VOLUME_TARGET: _volume_target,
}

IDENTITIES: PathRules[IdentityOf] = PathRules(
    {path: IDENTITIES_BY_NAME[row.identity] for path, row in ALL_KEYS if row.identity is not None}
)
"""The lists without equals, and what their items are compared by."""
