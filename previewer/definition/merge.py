"""How a later file changes the model of the files before it (Compose Specification, "Merge").

Mappings merge, lists append, scalars replace, null keeps what was there. The exceptions are in ``MERGE_RULES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from previewer.definition.path_rules import PathRules
from previewer.definition.short_forms import parse_volume
from previewer.definition.values import ModelError, Table, Value, as_table
from previewer.definition.yaml.scalars import go_text
from previewer.domain.compose.definition import ModelPath
from previewer.domain.compose.key import Identity, Merge
from previewer.domain.compose.keys import ALL_KEYS

Place: TypeAlias = "PathRules[MergeRule]"
MergeRule: TypeAlias = Callable[[Value, Value, Place, ModelPath], Value]
"""Takes the value before, the value of the later file, the rules below this place, and the place."""

DEPENDS_ON_DEFAULT: Table = {"condition": "service_started", "required": True}
"""What the short form of ``depends_on`` means."""


def merge(base: Value, override: Value, rules: Place | None = None, path: ModelPath = ()) -> Value:
    """``base`` as ``override`` changes it. Neither is changed, but the result shares parts with both.

    Raises :class:`ModelError` with the place where their types do not fit together.
    """
    rules = MERGE_RULES if rules is None else rules
    if rules.rule is not None:
        return rules.rule(base, override, rules, path)
    if override is None:
        return base
    if isinstance(base, dict):
        if not isinstance(override, dict):
            raise ModelError("a mapping cannot be overridden by something else", path=path)
        return merge_tables(base, override, rules, path)
    if isinstance(base, list):
        if not isinstance(override, list):
            raise ModelError("a list cannot be overridden by something else", path=path)
        return base + override
    return override


def merge_tables(base: Table, override: Table, rules: Place, path: ModelPath) -> Table:
    """Key by key."""
    merged = dict(base)
    for key, value in override.items():
        merged[key] = merge(base[key], value, rules.child(key), (*path, key)) if key in base else value
    return merged


def as_assignments(value: Value) -> list[Value]:
    """A mapping as a sorted list of ``key=value``; a list as it is; one text as a list of it."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, dict):
        return value if isinstance(value, list) else []
    assignments: list[Value] = []
    for key, item in value.items():
        if item is None:
            assignments.append(key)
        else:
            assignments += [f"{key}={go_text(v)}" for v in (item if isinstance(item, list) else [item])]
    return sorted(assignments, key=str)


def _as_table_of_names(value: Value, default: Value = None) -> Table:
    """The long form of a list of names."""
    if isinstance(value, list):
        return {go_text(name): dict(default) if isinstance(default, dict) else default for name in value}
    return as_table(value)


def _append_assignments(base: Value, override: Value, _rules: Place, _path: ModelPath) -> Value:
    return as_assignments(base) + as_assignments(override)


def _replace(_base: Value, override: Value, _rules: Place, _path: ModelPath) -> Value:
    return override


def _merge_build(base: Value, override: Value, rules: Place, path: ModelPath) -> Value:
    def long_form(value: Value) -> Table:
        return {"context": value} if isinstance(value, str) else as_table(value)

    return merge_tables(long_form(base), long_form(override), rules, path)


def _merge_depends_on(base: Value, override: Value, rules: Place, path: ModelPath) -> Value:
    return merge_tables(
        _as_table_of_names(base, DEPENDS_ON_DEFAULT),
        _as_table_of_names(override, DEPENDS_ON_DEFAULT),
        rules,
        path,
    )


def _merge_names(base: Value, override: Value, rules: Place, path: ModelPath) -> Value:
    return merge_tables(_as_table_of_names(base), _as_table_of_names(override), rules, path)


def _append_new_hosts(base: Value, override: Value, _rules: Place, _path: ModelPath) -> Value:
    before = as_assignments(base)
    return before + [host for host in as_assignments(override) if host not in before]


def _merge_ulimit(base: Value, override: Value, rules: Place, path: ModelPath) -> Value:
    if isinstance(base, dict) and isinstance(override, dict):
        return merge_tables(base, override, rules, path)
    return override


def _merge_logging(base: Value, override: Value, rules: Place, path: ModelPath) -> Value:
    """Options of one driver mean nothing to another one."""
    if not isinstance(base, dict) or not isinstance(override, dict):
        return override or base
    if "driver" in base and "driver" in override and base["driver"] != override["driver"]:
        return override
    return merge_tables(base, override, rules, path)


def _merge_address_pools(base: Value, override: Value, rules: Place, path: ModelPath) -> Value:
    """``ipam.config`` by subnet. As in Compose, what the later file does not name by subnet is dropped."""
    merged: list[Value] = []

    def index_of(subnet: Value) -> int | None:
        return next((i for i, pool in enumerate(merged) if as_table(pool).get("subnet") == subnet), None)

    for original in base if isinstance(base, list) else []:
        for change in override if isinstance(override, list) else []:
            old, new = as_table(original), as_table(change)
            if new.get("subnet") != old.get("subnet") and index_of(new.get("subnet")) is None:
                merged.append(new)
                continue
            pool = merge_tables(old, new, rules, path)
            known = index_of(pool.get("subnet"))
            if known is None:
                merged.append(pool)
            else:
                merged[known] = pool
    return merged


MERGES: Mapping[Merge, MergeRule] = {
    Merge.ADDRESS_POOLS: _merge_address_pools,
    Merge.ASSIGNMENTS: _append_assignments,
    Merge.BUILD: _merge_build,
    Merge.DEPENDENCIES: _merge_depends_on,
    Merge.LIMIT: _merge_ulimit,
    Merge.LOGGING: _merge_logging,
    Merge.NAMES: _merge_names,
    Merge.NEW_HOSTS: _append_new_hosts,
    Merge.REPLACE: _replace,
}

MERGE_RULES: Place = PathRules({path: MERGES[row.merge] for path, row in ALL_KEYS if row.merge is not None})
"""The places that merge in their own way."""


def delete_paths(model: Value, paths: tuple[ModelPath, ...]) -> None:
    """Take the values at ``paths`` out of ``model``, for ``!reset`` and ``!override``."""
    for path in paths:
        table = model
        for key in path[:-1]:
            table = as_table(table).get(key)
        if path:
            as_table(table).pop(path[-1], None)


# Lists whose items have an identity: a later item replaces the earlier one in its place.
#
# Follows compose-go's ``override/uncity.go``.

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
