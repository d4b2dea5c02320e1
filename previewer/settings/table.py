"""Every setting: its key, who may set it, what it looks like and what it does. docs/settings.md follows it."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from msgspec.structs import replace

from previewer.domain import naming
from previewer.domain.compose.definition import Role
from previewer.settings import values
from previewer.settings.limit_keys import LIMIT_KEYS, LimitReader
from previewer.settings.model import ENGINE_VARIABLE, EngineKind, Settings
from previewer.settings.network_keys import NETWORK_SETTINGS
from previewer.settings.row import Apply, Layer, Locate, Setting
from previewer.settings.trust_keys import (
    SECRET_KINDS,
    allow_for,
    read_kinds,
    read_secrets,
    take_images,
    take_replaced,
    take_trust,
)


def _project(settings: Settings, value: object, locate: Locate) -> Settings:
    del locate
    name = values.read_text(value)
    if naming.project_name(name) != name:
        raise values.SettingValueError(f"a name such as {naming.project_name(name)}")
    return replace(settings, project=name)


def _ttl(role: Role) -> Apply:
    return lambda settings, value, _: replace(
        settings, ttl=MappingProxyType({**settings.ttl, role: values.read_ttl(value)})
    )


def _keep_previous(role: Role) -> Apply:
    return lambda settings, value, _: replace(
        settings,
        keep_previous=MappingProxyType(
            {**settings.keep_previous, role: values.read_count(value, least=0, most=10)}
        ),
    )


def _keys(settings: Settings, value: object, locate: Locate) -> Settings:
    del locate
    if not isinstance(value, dict):
        raise values.SettingValueError('a table such as refresh = "f5,r"')
    read: dict[str, str] = {}
    for action, keys in value.items():
        try:
            read[action] = values.read_keys(keys)
        except values.SettingValueError as error:
            raise values.SettingValueError(str(error), path=(action,)) from error
    return replace(settings, keymap=MappingProxyType({**settings.keymap, **read}))


def _roles(value: object) -> frozenset[Role]:
    return frozenset(values.read_role(role) for role in values.read_texts(value))


def _secrets(role: Role) -> Apply:
    return lambda settings, value, _: replace(
        settings, secrets=MappingProxyType({**settings.secrets, role: read_secrets(value)})
    )


def _limit(role: Role, change: LimitReader) -> Apply:
    def apply(settings: Settings, value: object, locate: Locate) -> Settings:
        del locate
        limits = {**settings.trust.limits, role: change(settings.trust.limits[role], value)}
        return replace(settings, trust=replace(settings.trust, limits=MappingProxyType(limits)))

    return apply


def _rows_of(role: Role) -> Iterator[Setting]:
    yield Setting(
        key=f"ttl.{role.value}",
        looks='`"90m"`, `"10h"`, `"5d"`, `"1d12h"` or `"never"`',
        default='`"3d"`' if role is Role.PREVIEW else '`"never"`',
        meaning=f"The life of an environment for {role.value}.",
        apply=_ttl(role),
        variable="PREVIEWER_TTL" if role is Role.PREVIEW else None,
    )
    yield Setting(
        key=f"keep_previous.{role.value}",
        looks="0 to 10",
        default="0" if role is Role.PREVIEW else "1",
        meaning=f"How many replaced generations of an environment for {role.value} are kept, stopped, to roll back"
        " to.",
        apply=_keep_previous(role),
    )
    yield Setting(
        key=f"policy.{role.value}.allow",
        looks="a list of rules, see [policy](policy.md)",
        default="`[]`",
        meaning=f"What every branch may have in environments for {role.value}. Both files' lists count.",
        apply=allow_for(role),
    )
    yield Setting(
        key=f"secrets.{role.value}",
        looks='a table of variables, `DB_PASSWORD = "env:CI_DB_PASSWORD"`, see [secrets](secrets.md)',
        default="`{}`",
        meaning=f"Where the values of secrets come from for {role.value}.",
        apply=_secrets(role),
        layers=Layer.REPOSITORY,
    )
    for name, looks, meaning, change in LIMIT_KEYS:
        yield Setting(
            key=f"limits.{role.value}.{name}",
            looks=looks,
            default="see [policy](policy.md#limits)",
            meaning=meaning,
            apply=_limit(role, change),
        )


SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="project",
        looks="a name",
        default="the origin's or the folder's name",
        meaning="What the project is called in the names of everything that is made.",
        apply=_project,
        layers=Layer.REPOSITORY,
        variable="PREVIEWER_PROJECT",
    ),
    Setting(
        key="engine",
        looks='`"docker"` or `"swarm"`',
        default='`"docker"`',
        meaning="What environments run on: one engine, or the nodes of the swarm that it manages, see"
        " [swarm](swarm.md).",
        apply=lambda s, value, _: replace(
            s, engine=EngineKind(values.read_choice(value, [kind.value for kind in EngineKind]))
        ),
        variable=ENGINE_VARIABLE,
    ),
    Setting(
        key="variables",
        looks='a list of patterns, `["NODE_ENV", "APP_*"]`',
        default="`[]`",
        meaning="The only variables of your environment that definitions may use. Both files' lists count.",
        apply=lambda s, value, _: replace(s, variables=(*s.variables, *values.read_texts(value))),
        variable="PREVIEWER_VARIABLES",
        is_list=True,
    ),
    Setting(
        key="secret_sources",
        looks=f"a list of {', '.join(f'`{kind}`' for kind in SECRET_KINDS)}",
        default='`["env"]`',
        meaning="From where projects may take secrets on your machine, see [secrets](secrets.md).",
        apply=lambda s, value, _: replace(s, secret_sources=read_kinds(value)),
        layers=Layer.USER,
        variable="PREVIEWER_SECRET_SOURCES",
        is_list=True,
    ),
    Setting(
        key="wait_timeout",
        looks='`"90s"`, `"2m"` or a number of seconds',
        default='`"2m"`',
        meaning="How long `up` waits for a new environment to become healthy.",
        apply=lambda s, value, _: replace(s, wait_timeout=values.read_seconds(value)),
        variable="PREVIEWER_WAIT_TIMEOUT",
    ),
    Setting(
        key="parallel",
        looks="1 to 64",
        default="8",
        meaning="Steps of a plan that are taken at the same time.",
        apply=lambda s, value, _: replace(s, parallel=values.read_count(value, least=1, most=64)),
        variable="PREVIEWER_PARALLEL",
    ),
    Setting(
        key="parallel_builds",
        looks="1 to 64",
        default="4",
        meaning="Images that are built at the same time.",
        apply=lambda s, value, _: replace(s, parallel_builds=values.read_count(value, least=1, most=64)),
        variable="PREVIEWER_PARALLEL_BUILDS",
    ),
    Setting(
        key="list_packages",
        looks="`true` or `false`",
        default="`true`",
        meaning="Whether the packages of every image are listed, once an image, after what runs it is healthy.",
        apply=lambda s, value, _: replace(s, list_packages=values.read_switch(value)),
        variable="PREVIEWER_LIST_PACKAGES",
    ),
    Setting(
        key="require_signed",
        looks='a list of roles, `["staging", "production"]`',
        default="`[]`",
        meaning="Roles that run only releases with a good signature, see [provenance](provenance.md#signatures).",
        apply=lambda s, value, _: replace(s, require_signed=s.require_signed | _roles(value)),
    ),
    Setting(
        key="keep_releases",
        looks="0 to 10000",
        default="5",
        meaning="How many of the newest releases `prune` keeps, whether or not anybody runs them.",
        apply=lambda s, value, _: replace(s, keep_releases=values.read_count(value, least=0, most=10_000)),
        variable="PREVIEWER_KEEP_RELEASES",
    ),
    Setting(
        key="keep_tombstones",
        looks='`"30d"` or `"never"`, which means for ever',
        default='`"30d"`',
        meaning="How long `prune` keeps what is remembered of environments that are gone.",
        apply=lambda s, value, _: replace(s, keep_tombstones=values.read_ttl(value)),
        variable="PREVIEWER_KEEP_TOMBSTONES",
    ),
    *NETWORK_SETTINGS,
    Setting(
        key="settle_time",
        looks='`"500ms"`, `"2s"` or a number of seconds; 0 for not at all',
        default='`"10s"`',
        meaning="How long a service must run before `up` takes it for ready, where neither a health check nor a "
        "port says that it works. `x-previewer.settle` of a definition comes first.",
        apply=lambda s, value, _: replace(s, settle_time=values.read_short_time(value)),
        variable="PREVIEWER_SETTLE_TIME",
    ),
    Setting(
        key="quota.environments",
        looks='a number or `"none"`',
        default='`"none"`',
        meaning="The most environments of this project on one engine.",
        apply=lambda s, value, _: replace(s, quota=replace(s.quota, environments=values.read_limit(value))),
        variable="PREVIEWER_QUOTA_ENVIRONMENTS",
    ),
    Setting(
        key="quota.memory",
        looks='`"8g"` or `"none"`',
        default='`"none"`',
        meaning="The most memory that this project's environments on one engine may be limited to together.",
        apply=lambda s, value, _: replace(s, quota=replace(s.quota, memory=values.read_bytes(value))),
        variable="PREVIEWER_QUOTA_MEMORY",
    ),
    Setting(
        key="quota.overcommit",
        looks='a number such as `1.5`, or `"none"`',
        default="2",
        meaning="How many times the memory of the engine's machine all environments' limits may add up to.",
        apply=lambda s, value, _: replace(s, quota=replace(s.quota, overcommit=values.read_factor(value))),
    ),
    Setting(
        key="quota.free_disk",
        looks='`"256m"` or `"none"`',
        default='`"256m"`',
        meaning="What has to be free on the engine's disk before anything is made, where it is known.",
        apply=lambda s, value, _: replace(s, quota=replace(s.quota, free_disk=values.read_bytes(value))),
    ),
    Setting(
        key="registry",
        looks="`REGISTRY/REPOSITORY`",
        default="none",
        meaning="Where releases are pushed to and pulled from, and where `freeze` looks for built images.",
        apply=lambda s, value, _: replace(s, registry=values.read_registry(value)),
        variable="PREVIEWER_REGISTRY",
    ),
    Setting(
        key="watch.branches",
        looks='a list of patterns, `["feature/*", "fix/**"]`',
        default="`[]`",
        meaning="The branches that `previewer watch` gives environments to.",
        apply=lambda s, value, _: replace(s, watch_branches=values.read_texts(value)),
        variable="PREVIEWER_WATCH_BRANCHES",
        is_list=True,
    ),
    Setting(
        key="watch.limit",
        looks="1 to 64",
        default="2",
        meaning="Environments that `previewer watch` brings up at the same time.",
        apply=lambda s, value, _: replace(s, watch_limit=values.read_count(value, least=1, most=64)),
        variable="PREVIEWER_WATCH_LIMIT",
    ),
    Setting(
        key="theme",
        looks="a theme's name",
        default="previewer's own",
        meaning="The colours of the terminal UI.",
        apply=lambda s, value, _: replace(s, theme=values.read_text(value)),
        layers=Layer.USER,
        variable="PREVIEWER_THEME",
    ),
    Setting(
        key="keys",
        looks='a table, `refresh = "f5,r"`',
        default="see `?` in the terminal UI",
        meaning="By action: the keys that call it.",
        apply=_keys,
        layers=Layer.USER,
    ),
    *(row for role in Role for row in _rows_of(role)),
    Setting(
        key="policy.images",
        looks='a list of patterns, `["postgres", "ghcr.io/acme/**"]`',
        default="none: any but previewer's own",
        meaning="The only images that branches other than the default one may name, see"
        " [policy](policy.md#which-images). Both files' lists count.",
        apply=take_images,
    ),
    Setting(
        key="policy.replace",
        looks='a list of patterns, `["/etc/localtime", "/srv/**"]`',
        default="`[]`",
        meaning="Paths of the host whose bind mounts become empty volumes instead of being refused, see"
        " [policy](policy.md#replacing). Both files' lists count.",
        apply=take_replaced,
    ),
    Setting(
        key="trust",
        looks="tables `[[trust]]` with `branches`, `allow` and, if it is not for all, `roles`",
        default="none",
        meaning="What branches with matching names may have on top. Both files' tables count.",
        apply=take_trust,
    ),
)
