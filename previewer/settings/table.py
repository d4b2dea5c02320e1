"""Every setting: its key, who may set it, what it looks like and what it does. docs/settings.md follows it."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain import naming
from previewer.domain.compose.definition import Role
from previewer.domain.progress import Notify
from previewer.settings import values
from previewer.settings.model import ENGINE_VARIABLE, EngineKind, RouterTls, RouterUse
from previewer.settings.role_rows import SECRET_KINDS, read_kinds, rows_of, take_trust
from previewer.settings.row import Layer, Setting, join, put


def _read_project(value: object) -> str:
    name = values.read_text(value)
    if naming.project_name(name) != name:
        raise values.SettingValueError(f"a name such as {naming.project_name(name)}")
    return name


def _read_keys(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise values.SettingValueError('a table such as refresh = "f5,r"')
    read: dict[str, str] = {}
    for action, keys in value.items():
        try:
            read[action] = values.read_keys(keys)
        except values.SettingValueError as error:
            raise values.SettingValueError(str(error), path=(action,)) from error
    return read


def _read_roles(value: object) -> frozenset[Role]:
    return frozenset(values.read_role(role) for role in values.read_texts(value))


SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="project",
        looks="a name",
        default="the origin's or the folder's name",
        meaning="What the project is called in the names of everything that is made.",
        apply=put("project", read=_read_project),
        layers=Layer.REPOSITORY,
        variable="PREVIEWER_PROJECT",
    ),
    Setting(
        key="engine",
        looks='`"docker"` or `"swarm"`',
        default='`"docker"`',
        meaning="What environments run on: one engine, or the nodes of the swarm that it manages, see"
        " [swarm](swarm.md).",
        apply=put("engine", read=values.choice(EngineKind)),
        variable=ENGINE_VARIABLE,
    ),
    Setting(
        key="variables",
        looks='a list of patterns, `["NODE_ENV", "APP_*"]`',
        default="`[]`",
        meaning="The only variables of your environment that definitions may use. Both files' lists count.",
        apply=join("variables", read=values.read_texts),
        variable="PREVIEWER_VARIABLES",
        is_list=True,
    ),
    Setting(
        key="secret_sources",
        looks=f"a list of {', '.join(f'`{kind}`' for kind in SECRET_KINDS)}",
        default='`["env"]`',
        meaning="From where projects may take secrets on your machine, see [secrets](secrets.md).",
        apply=put("secret_sources", read=read_kinds),
        layers=Layer.USER,
        variable="PREVIEWER_SECRET_SOURCES",
        is_list=True,
    ),
    Setting(
        key="wait_timeout",
        looks='`"90s"`, `"2m"` or a number of seconds',
        default='`"2m"`',
        meaning="How long `up` waits for a new environment to become healthy.",
        apply=put("wait_timeout", read=values.read_seconds),
        variable="PREVIEWER_WAIT_TIMEOUT",
    ),
    Setting(
        key="parallel",
        looks="1 to 64",
        default="8",
        meaning="Steps of a plan that are taken at the same time.",
        apply=put("parallel", read=values.count(1, 64)),
        variable="PREVIEWER_PARALLEL",
    ),
    Setting(
        key="parallel_builds",
        looks="1 to 64",
        default="4",
        meaning="Images that are built at the same time.",
        apply=put("parallel_builds", read=values.count(1, 64)),
        variable="PREVIEWER_PARALLEL_BUILDS",
    ),
    Setting(
        key="list_packages",
        looks="`true` or `false`",
        default="`true`",
        meaning="Whether the packages of every image are listed, once an image, after what runs it is healthy.",
        apply=put("list_packages", read=values.read_switch),
        variable="PREVIEWER_LIST_PACKAGES",
    ),
    Setting(
        key="require_signed",
        looks='a list of roles, `["staging", "production"]`',
        default="`[]`",
        meaning="Roles that run only releases with a good signature, see [provenance](provenance.md#signatures).",
        apply=join("require_signed", read=_read_roles),
    ),
    Setting(
        key="keep_releases",
        looks="0 to 10000",
        default="5",
        meaning="How many of the newest releases `prune` keeps, whether or not anybody runs them.",
        apply=put("keep_releases", read=values.count(0, 10_000)),
        variable="PREVIEWER_KEEP_RELEASES",
    ),
    Setting(
        key="keep_tombstones",
        looks='`"30d"` or `"never"`, which means for ever',
        default='`"30d"`',
        meaning="How long `prune` keeps what is remembered of environments that are gone.",
        apply=put("keep_tombstones", read=values.read_ttl),
        variable="PREVIEWER_KEEP_TOMBSTONES",
    ),
    Setting(
        key="network.pool",
        looks="an IPv4 range",
        default='`"10.213.0.0/16"`',
        meaning="Where networks take their subnets from.",
        variable="PREVIEWER_ADDRESS_POOL",
        apply=put("address_pool", read=values.read_pool),
    ),
    Setting(
        key="network.prefix",
        looks="16 to 29",
        default="28",
        meaning="How large each subnet is: 28 leaves 13 addresses for containers. Where more join, it is larger.",
        variable="PREVIEWER_SUBNET_PREFIX",
        apply=put("subnet_prefix", read=values.count(16, 29)),
    ),
    Setting(
        key="network.publish",
        looks='`"auto"`, `"loopback"` or an IPv4 address',
        default='`"auto"`',
        meaning="The host address that ports are published at, see [engines](engines.md#where-ports-are-reached).",
        variable="PREVIEWER_PUBLISH",
        apply=put("publish", read=values.read_publish),
    ),
    Setting(
        key="ttl.idle",
        looks='`"30m"`, `"2h"` or `"never"`',
        default='`"never"`',
        meaning="After how long without a request `watch` puts a preview that has a name to sleep.",
        variable="PREVIEWER_TTL_IDLE",
        apply=put("idle", read=values.read_ttl),
    ),
    Setting(
        key="router",
        looks='`"on"`, `"off"` or `"auto"`',
        default='`"auto"`',
        meaning="Whether environments have host names instead of ports, see [router](router.md). `auto`: where the"
        " router's program is at hand.",
        variable="PREVIEWER_ROUTER",
        apply=put("router", "use", read=values.choice(RouterUse)),
    ),
    Setting(
        key="network.domain",
        looks="a domain",
        default='`"localhost"`',
        meaning="What host names end with.",
        variable="PREVIEWER_DOMAIN",
        apply=put("router", "domain", read=values.read_domain),
    ),
    Setting(
        key="network.router_port",
        looks="1 to 65535",
        default="80, or 7080 where that is taken",
        meaning="The host port that the router answers at.",
        variable="PREVIEWER_ROUTER_PORT",
        apply=put("router", "port", read=values.count(1, 65535)),
    ),
    Setting(
        key="network.router_addresses",
        looks='a list of addresses, `["0.0.0.0"]`',
        default='`["127.0.0.1"]`',
        meaning="The host addresses that the router answers at.",
        variable="PREVIEWER_ROUTER_ADDRESSES",
        apply=put("router", "addresses", read=values.read_addresses),
        is_list=True,
    ),
    Setting(
        key="network.tls",
        looks='`"off"`, `"internal"`, `"files"` or `"acme"`',
        default='`"off"`',
        meaning="Whether host names have `https://`, with certificates of the router's own authority, with a"
        " given one, or with a public authority's, see [router](router.md#tls).",
        variable="PREVIEWER_TLS",
        apply=put("router", "tls", read=values.choice(RouterTls)),
    ),
    Setting(
        key="network.tls_certificate",
        looks="a path",
        default="none",
        meaning='For `tls = "files"`: the certificate of `*.PROJECT.DOMAIN` with its chain, in PEM.',
        apply=put("router", "certificate", read=values.read_text),
        layers=Layer.USER,
        variable="PREVIEWER_TLS_CERTIFICATE",
    ),
    Setting(
        key="network.tls_key",
        looks="a path",
        default="none",
        meaning="Its private key, in PEM.",
        apply=put("router", "key", read=values.read_text),
        layers=Layer.USER,
        variable="PREVIEWER_TLS_KEY",
    ),
    Setting(
        key="network.tls_email",
        looks="an address",
        default="none",
        meaning='For `tls = "acme"`: where the authority writes to.',
        apply=put("router", "email", read=values.read_text),
        variable="PREVIEWER_TLS_EMAIL",
    ),
    Setting(
        key="network.tls_authority",
        looks="a URL",
        default="Let's Encrypt",
        meaning='For `tls = "acme"`: the directory of another authority.',
        apply=put("router", "authority", read=values.read_text),
        variable="PREVIEWER_TLS_AUTHORITY",
    ),
    Setting(
        key="network.router_image",
        looks='an image, `"registry.example.com/caddy@sha256:…"`',
        default="what is at hand",
        meaning="The image of Caddy 2 that the router runs. It is pulled where `router` is `on`, and by"
        " `previewer router up`; a tag is resolved to its digest then.",
        apply=put("router", "image", read=values.read_text),
        layers=Layer.USER,
        variable="PREVIEWER_ROUTER_IMAGE",
    ),
    Setting(
        key="network.router_name",
        looks="a name",
        default='`"previewer-router"`',
        meaning="What the router's container is called: an engine may have several, each with environments of its"
        " own.",
        variable="PREVIEWER_ROUTER_NAME",
        apply=put("router", "name", read=lambda value: naming.slug(values.read_text(value))),
    ),
    Setting(
        key="settle_time",
        looks='`"500ms"`, `"2s"` or a number of seconds; 0 for not at all',
        default='`"10s"`',
        meaning="How long a service must run before `up` takes it for ready, where neither a health check nor a "
        "port says that it works. `x-previewer.settle` of a definition comes first.",
        apply=put("settle_time", read=values.read_short_time),
        variable="PREVIEWER_SETTLE_TIME",
    ),
    Setting(
        key="quota.environments",
        looks='a number or `"none"`',
        default='`"none"`',
        meaning="The most environments of this project on one engine.",
        apply=put("quota", "environments", read=values.read_limit),
        variable="PREVIEWER_QUOTA_ENVIRONMENTS",
    ),
    Setting(
        key="quota.memory",
        looks='`"8g"` or `"none"`',
        default='`"none"`',
        meaning="The most memory that this project's environments on one engine may be limited to together.",
        apply=put("quota", "memory", read=values.read_bytes),
        variable="PREVIEWER_QUOTA_MEMORY",
    ),
    Setting(
        key="quota.overcommit",
        looks='a number such as `1.5`, or `"none"`',
        default="2",
        meaning="How many times the memory of the engine's machine all environments' limits may add up to.",
        apply=put("quota", "overcommit", read=values.read_factor),
    ),
    Setting(
        key="quota.free_disk",
        looks='`"256m"` or `"none"`',
        default='`"256m"`',
        meaning="What has to be free on the engine's disk before anything is made, where it is known.",
        apply=put("quota", "free_disk", read=values.read_bytes),
    ),
    Setting(
        key="registry",
        looks="`REGISTRY/REPOSITORY`",
        default="none",
        meaning="Where releases are pushed to and pulled from, and where `freeze` looks for built images.",
        apply=put("registry", read=values.read_registry),
        variable="PREVIEWER_REGISTRY",
    ),
    Setting(
        key="watch.branches",
        looks='a list of patterns, `["feature/*", "fix/**"]`',
        default="`[]`",
        meaning="The branches that `previewer watch` gives environments to.",
        apply=put("watch_branches", read=values.read_texts),
        variable="PREVIEWER_WATCH_BRANCHES",
        is_list=True,
    ),
    Setting(
        key="watch.limit",
        looks="1 to 64",
        default="2",
        meaning="Environments that `previewer watch` brings up at the same time.",
        apply=put("watch_limit", read=values.count(1, 64)),
        variable="PREVIEWER_WATCH_LIMIT",
    ),
    Setting(
        key="theme",
        looks="a theme's name",
        default="previewer's own",
        meaning="The colours of the terminal UI.",
        apply=put("theme", read=values.read_text),
        layers=Layer.USER,
        variable="PREVIEWER_THEME",
    ),
    Setting(
        key="notify",
        looks=", ".join(f'`"{how.value}"`' for how in Notify),
        default='`"bell"`',
        meaning="How the terminal UI tells that long work is over; all but `off` set the terminal's title too.",
        apply=put("notify", read=values.choice(Notify)),
        layers=Layer.USER,
        variable="PREVIEWER_NOTIFY",
    ),
    Setting(
        key="notify_after",
        looks='`"20s"`, `"2m"` or a number of seconds',
        default='`"20s"`',
        meaning="From when on work is long. Shorter work ends quietly.",
        apply=put("notify_after", read=values.read_seconds),
        layers=Layer.USER,
        variable="PREVIEWER_NOTIFY_AFTER",
    ),
    Setting(
        key="keys",
        looks='a table, `refresh = "f5,r"`',
        default="see `?` in the terminal UI",
        meaning="By action: the keys that call it.",
        apply=join("keymap", read=_read_keys),
        layers=Layer.USER,
    ),
    *(row for role in Role for row in rows_of(role)),
    Setting(
        key="policy.images",
        looks='a list of patterns, `["postgres", "ghcr.io/acme/**"]`',
        default="none: any but previewer's own",
        meaning="The only images that branches other than the default one may name, see"
        " [policy](policy.md#which-images). Both files' lists count.",
        apply=join("trust", "images", read=values.read_texts),
    ),
    Setting(
        key="policy.replace",
        looks='a list of patterns, `["/etc/localtime", "/srv/**"]`',
        default="`[]`",
        meaning="Paths of the host whose bind mounts become empty volumes instead of being refused, see"
        " [policy](policy.md#replacing). Both files' lists count.",
        apply=join("trust", "replaced", read=values.read_texts),
    ),
    Setting(
        key="trust",
        looks="tables `[[trust]]` with `branches`, `allow` and, if it is not for all, `roles`",
        default="none",
        meaning="What branches with matching names may have on top. Both files' tables count.",
        apply=take_trust,
    ),
)
