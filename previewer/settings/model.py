"""The settings as everything else sees them: one frozen value, complete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum

from msgspec import Struct, field

from previewer.domain.commit.revision import DefaultBranch
from previewer.domain.compose.definition import Role
from previewer.domain.engine.capacity import Quota
from previewer.domain.policy.trust import TrustRules
from previewer.domain.progress import Notify

REPOSITORY_FILE = "previewer.toml"
"""The project's settings, at the root of its default branch."""
VARIABLE_PREFIX = "PREVIEWER_"
"""The prefix of every variable of the environment that is a setting."""

DEFAULT_TTL: Mapping[Role, timedelta | None] = {
    Role.PREVIEW: timedelta(days=3),
    Role.STAGING: None,
    Role.PRODUCTION: None,
}

DEFAULT_KEPT: Mapping[Role, int] = {Role.PREVIEW: 0, Role.STAGING: 1, Role.PRODUCTION: 1}


ENGINE_VARIABLE = "PREVIEWER_ENGINE"
PUBLISH_AUTO = "auto"
"""The loopback address; another address of the engine's machine where previewer reaches only that."""
PUBLISH_LOOPBACK = "loopback"


class RouterUse(Enum):
    """Whether environments have host names, which a router leads to them."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"
    """Where the router's program is at hand and names of this machine reach it, else ports."""


class RouterTls(Enum):
    """Where the router's certificates come from."""

    OFF = "off"
    INTERNAL = "internal"
    """From an authority of its own."""
    FILES = "files"
    """From files of this machine."""
    ACME = "acme"
    """From a public authority, or another one that speaks ACME (RFC 8555), for each name when it is asked for."""


class RouterSettings(Struct, frozen=True):
    """The router of an engine, and the names that it knows."""

    use: RouterUse = RouterUse.AUTO
    domain: str = "localhost"
    """What host names end with."""
    port: int | None = None
    """The host port that it answers at; ``None`` for 80, or another fixed one where that is taken."""
    addresses: tuple[str, ...] = ("127.0.0.1",)
    """The host addresses that it answers at."""
    tls: RouterTls = RouterTls.OFF
    """Whether it speaks TLS too, and with which certificates."""
    certificate: str = ""
    """The path of a given certificate with its chain (PEM)."""
    key: str = ""
    """The path of its private key (PEM)."""
    email: str = ""
    """Where a public authority writes to about its certificates; empty for nowhere."""
    authority: str = ""
    """The directory (ACME) of the authority that is asked; empty for Let's Encrypt."""
    image: str = ""
    """The image that it runs, by digest or tag; empty for what is at hand."""
    name: str = "previewer-router"
    """The name of its container and volume."""

    @property
    def has_tls(self) -> bool:
        """Whether it speaks TLS too."""
        return self.tls is not RouterTls.OFF


class EngineKind(Enum):
    """What environments run on."""

    DOCKER = "docker"
    """One engine."""
    SWARM = "swarm"
    """The nodes of the swarm that the engine manages."""


class Settings(Struct, frozen=True):
    """All settings, complete. The defaults hold where nothing was chosen."""

    project: str | None = None
    """The project's name, instead of the one that its origin or folder has."""
    engine: EngineKind = EngineKind.DOCKER
    address_pool: str = "10.213.0.0/16"
    """The IPv4 range, as CIDR, that networks take their subnets from."""
    publish: str = PUBLISH_AUTO
    """The host address that environments' ports are published at; see :data:`PUBLISH_AUTO`."""
    router: RouterSettings = field(default_factory=RouterSettings)
    """Host names instead of ports."""
    subnet_prefix: int = 28
    """The prefix length of each subnet, unless more join it: 28 leaves 13 addresses for containers."""
    ttl: Mapping[Role, timedelta | None] = field(default_factory=lambda: DEFAULT_TTL)
    """How long environments live; ``None`` for ever."""
    idle: timedelta | None = None
    """After how long without a request `watch` puts a preview to sleep; ``None`` for never."""
    keep_previous: Mapping[Role, int] = field(default_factory=lambda: DEFAULT_KEPT)
    """How many replaced generations are stopped and kept to roll back to."""
    wait_timeout: float = 120.0
    """Seconds to wait for a new environment's health."""
    settle_time: float = 10.0
    """Seconds that a service must run of which neither a health check nor a port says that it works."""
    parallel: int = 8
    """Steps of a plan that are taken at the same time."""
    parallel_builds: int = 4
    """Images that are built at the same time."""
    list_packages: bool = True
    """Whether freezing lists the packages of every image."""
    require_signed: frozenset[Role] = frozenset()
    """Roles whose environments run only releases with a good signature."""
    keep_releases: int = 5
    """How many of the newest releases pruning keeps, whether or not anybody runs them."""
    keep_tombstones: timedelta | None = timedelta(days=30)
    """How long pruning keeps what is remembered of environments that are gone; ``None`` for ever."""
    variables: tuple[str, ...] = ()
    """Patterns of the only variables of the caller's environment that definitions may use."""
    allowed_variables: Mapping[str, str] = field(default_factory=dict)
    """The variables of the caller's environment that ``variables`` match."""
    secrets: Mapping[Role, Mapping[str, str]] = field(default_factory=dict)
    """Where the values of secret variables come from, by role: never the values themselves."""
    secret_sources: frozenset[str] = frozenset({"env"})
    """The kinds of those sources that the user lets projects use."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """The keys that call each action in the terminal UI, separated by commas."""
    watch_branches: tuple[str, ...] = ()
    """Patterns of the branches that `previewer watch` gives environments to."""
    watch_limit: int = 2
    """Environments that it brings up at the same time."""
    theme: str | None = None
    """The terminal UI's theme; ``None`` for ours."""
    notify: Notify = Notify.BELL
    """How the terminal UI tells that long work is over."""
    notify_after: float = 20.0
    """Seconds from which on work is long."""
    quota: Quota = field(default_factory=Quota)
    """How much of one engine the project may take."""
    registry: str | None = None
    """``REGISTRY/REPOSITORY`` that releases are pushed to and pulled from, and built images are looked for in."""
    trust: TrustRules = field(default_factory=TrustRules)
    """What branches are trusted with."""
    default_branch: DefaultBranch | None = None
    """Where the project's file was looked for; ``None`` where no repository was asked."""

    def ttl_of(self, role: Role) -> timedelta | None:
        """How long an environment of ``role`` lives; ``None`` for ever."""
        return self.ttl[role]

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "allowed_variables")
        return f"Settings({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"
