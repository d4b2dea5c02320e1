"""Settings that each role has of its own, and those of trust: what branches may have, and their secrets."""

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
from previewer.settings.row import Apply, Layer, Locate, Reader, Setting, put


def _with_grants(settings: Settings, grants: tuple[Grant, ...]) -> Settings:
    trust = replace(settings.trust, grants=(*settings.trust.grants, *grants))
    return replace(settings, trust=trust)


def _allow_for(role: Role) -> Apply:
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


SECRET_KINDS = ("env", "file", "cmd", "sops", "op")
"""What a source begins with, before a colon."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXAMPLE = 'a table such as DB_PASSWORD = "env:CI_DB_PASSWORD"'


def read_secrets(value: object) -> Mapping[str, str]:
    """Sources by the variables that they give. Raises :class:`SettingValueError`."""
    if not isinstance(value, dict):
        raise values.SettingValueError(_EXAMPLE)
    sources: dict[str, str] = {}
    for name, source in value.items():
        kind, colon, rest = source.partition(":") if isinstance(source, str) else ("", "", "")
        if not _NAME.fullmatch(name):
            raise values.SettingValueError("named like an environment variable", path=(name,))
        if kind not in SECRET_KINDS or not colon or not rest.strip():
            kinds = ", ".join(f"{kind}:…" for kind in SECRET_KINDS)
            raise values.SettingValueError(f"a source such as {kinds}", path=(name,))
        sources[name] = f"{kind}:{rest.strip()}"
    return MappingProxyType(sources)


def read_kinds(value: object) -> frozenset[str]:
    """The kinds of sources that are allowed. Raises :class:`SettingValueError`."""
    kinds = frozenset(kind.strip() for kind in values.read_texts(value))
    if unknown := sorted(kinds - set(SECRET_KINDS)):
        raise values.SettingValueError(f"of {', '.join(SECRET_KINDS)}, and not {', '.join(unknown)}")
    return kinds


def _read_grace(value: object) -> float | None:
    return None if value == values.UNLIMITED else values.read_seconds(value)


_NUMBER = 'a number or `"none"`'
_LIMITS: tuple[tuple[str, str, str, Reader], ...] = (
    ("pids", _NUMBER, "Processes of a container whose service sets no limit.", values.read_limit),
    ("memory", '`"512m"` or `"none"`', "Memory of a container whose service sets no limit.", values.read_bytes),
    (
        "cpus",
        'a number such as `1.5`, or `"none"`',
        "Processors of a container whose service sets no limit.",
        values.read_cpus,
    ),
    ("max_pids", _NUMBER, "The most processes that a service may set.", values.read_limit),
    ("max_memory", '`"4g"` or `"none"`', "The most memory that a service may set.", values.read_bytes),
    (
        "max_cpus",
        'a number such as `2`, or `"none"`',
        "The most processors that a service may set.",
        values.read_cpus,
    ),
    ("max_services", _NUMBER, "Services of one definition.", values.read_limit),
    ("max_replicas", _NUMBER, "Containers of one service.", values.read_limit),
    ("max_containers", _NUMBER, "Containers of one environment.", values.read_limit),
    (
        "max_ports",
        _NUMBER,
        "Published ports of one environment, those of each container counted; and ports that a service exposes.",
        values.read_limit,
    ),
    (
        "max_volumes",
        _NUMBER,
        "Volumes of one environment, anonymous ones counted; and mounts of one service.",
        values.read_limit,
    ),
    ("max_networks", _NUMBER, "Networks of one environment.", values.read_limit),
    (
        "max_shm_size",
        '`"1g"` or `"none"`',
        "The most shared memory that a service, or a build, may set.",
        values.read_bytes,
    ),
    (
        "max_tmpfs_size",
        '`"1g"` or `"none"`',
        "The most that the memory mounts of a service may have together, or a volume of memory.",
        values.read_bytes,
    ),
    ("max_cpu_shares", _NUMBER, "The most weight that a service may have against others.", values.read_limit),
    (
        "min_health_interval",
        '`"500ms"` or `"2s"`',
        "The least time between two health checks.",
        values.read_short_time,
    ),
    (
        "max_stop_grace",
        '`"90s"`, `"5m"` or `"none"`',
        "The longest time that a service may take to end.",
        _read_grace,
    ),
    ("max_ttl", '`"30d"` or `"never"`', "The longest life that a definition may set.", values.read_ttl),
    (
        "max_untrusted_ttl",
        '`"12h"` or `"never"`',
        "The longest life of a commit that [gets no secrets](secrets.md#who-gets-them); `--ttl` gives more.",
        values.read_ttl,
    ),
    (
        "egress",
        "`true` or `false`",
        "Whether services may reach other machines, see [isolation](isolation.md).",
        values.read_switch,
    ),
)
"""The key below ``[limits.ROLE]``, what its value looks like, what it means, and what reads it."""


def rows_of(role: Role) -> Iterator[Setting]:
    """The settings of ``role``."""
    yield Setting(
        key=f"ttl.{role.value}",
        looks='`"90m"`, `"10h"`, `"5d"`, `"1d12h"` or `"never"`',
        default='`"3d"`' if role is Role.PREVIEW else '`"never"`',
        meaning=f"The life of an environment for {role.value}.",
        apply=put("ttl", role, read=values.read_ttl),
        variable="PREVIEWER_TTL" if role is Role.PREVIEW else None,
    )
    yield Setting(
        key=f"keep_previous.{role.value}",
        looks="0 to 10",
        default="0" if role is Role.PREVIEW else "1",
        meaning=f"How many replaced generations of an environment for {role.value} are kept, stopped, to roll back"
        " to.",
        apply=put("keep_previous", role, read=values.count(0, 10)),
    )
    yield Setting(
        key=f"policy.{role.value}.allow",
        looks="a list of rules, see [policy](policy.md)",
        default="`[]`",
        meaning=f"What every branch may have in environments for {role.value}. Both files' lists count.",
        apply=_allow_for(role),
    )
    yield Setting(
        key=f"secrets.{role.value}",
        looks='a table of variables, `DB_PASSWORD = "env:CI_DB_PASSWORD"`, see [secrets](secrets.md)',
        default="`{}`",
        meaning=f"Where the values of secrets come from for {role.value}.",
        apply=put("secrets", role, read=read_secrets),
        layers=Layer.REPOSITORY,
    )
    for name, looks, meaning, read in _LIMITS:
        yield Setting(
            key=f"limits.{role.value}.{name}",
            looks=looks,
            default="see [policy](policy.md#limits)",
            meaning=meaning,
            apply=put("trust", "limits", role, name, read=read),
        )
