"""What builds need, what freezing a commit would do, and which services its definitions build differently."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum

from msgspec import Struct, field

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Definition
from previewer.domain.json_value import JsonObject, canonical_json
from previewer.domain.release.release import FrozenDefinition, Release
from previewer.errors import UnsupportedError


class Need(Enum):
    """What not every builder has. The value is the key of a ``build`` section."""

    SECRETS = "secrets"
    SSH = "ssh"
    CONTEXTS = "additional_contexts"
    SHM_SIZE = "shm_size"
    ULIMITS = "ulimits"


class Ulimit(Struct, frozen=True):
    """A resource limit of the build's steps (setrlimit(2))."""

    name: str
    """``nofile``."""
    soft: int
    hard: int


class BuildRequirements(Struct, frozen=True):
    """The rest of a ``build`` section, read."""

    network: str = ""
    """The network of ``RUN`` steps: ``none``, ``host``, or empty for the engine's default."""
    extra_hosts: tuple[str, ...] = ()
    """``name=address``."""
    shm_bytes: int | None = None
    """The size of ``/dev/shm``; ``None`` for the engine's default."""
    ulimits: tuple[Ulimit, ...] = ()
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    """Values by the id that ``RUN --mount=type=secret`` names. They are never shown, logged or kept."""
    ssh: tuple[str, ...] = ()
    """``default``, or ``id=path`` of a socket or key of this machine."""
    contexts: Mapping[str, Callable[[], Iterator[bytes]]] = field(default_factory=dict)
    """Further contexts by name; each opens as a tar stream."""

    @property
    def needs(self) -> frozenset[Need]:
        """What a builder must have."""
        wanted = {
            Need.SECRETS: self.secrets,
            Need.SSH: self.ssh,
            Need.CONTEXTS: self.contexts,
            Need.SHM_SIZE: self.shm_bytes is not None,
            Need.ULIMITS: self.ulimits,
        }
        return frozenset(need for need, value in wanted.items() if value)

    @property
    def described(self) -> JsonObject:
        """For input digests. Of secrets the ids only: even a hash of a short one could be guessed.

        Files of further contexts are described by the caller that chose them.
        """
        return {
            "network": self.network,
            "extra_hosts": list(self.extra_hosts),
            "shm_bytes": self.shm_bytes,
            "ulimits": [[limit.name, limit.soft, limit.hard] for limit in self.ulimits],
            "secrets": sorted(self.secrets),
            "ssh": sorted(key.partition("=")[0] for key in self.ssh),
        }

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "secrets")
        return f"BuildRequirements({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


class Builder(Enum):
    """A way to have an image built, the most direct one first."""

    BUILDKIT = "buildkit"
    """BuildKit, through the engine's own endpoint. It has no session, so neither secrets nor further contexts."""
    BUILDX = "buildx"
    """The same BuildKit, through the buildx program, which has a session with it."""
    CLASSIC = "classic"
    """The engine's builder from before BuildKit."""

    @property
    def kind(self) -> str:
        """What reads the Dockerfile, so what an image's origin is: ``buildkit`` or ``classic``."""
        return Builder.BUILDKIT.value if self is Builder.BUILDX else self.value


class BuilderSupport(Struct, frozen=True):
    """What one engine, and this machine, can build with."""

    has_buildkit: bool
    has_endpoint: bool = True
    """Whether BuildKit takes a context at the engine's endpoint: Docker 26 with containerd's store does not."""
    has_buildx: bool = False
    has_limits: bool = True
    """Whether BuildKit minds ``shm_size`` and ``ulimits``: before Docker 23 it takes them and does nothing."""


SESSION_NEEDS = frozenset({Need.SECRETS, Need.SSH, Need.CONTEXTS})
LIMITS = frozenset({Need.SHM_SIZE, Need.ULIMITS})
BUILDX_HINT = "install the docker command's buildx plugin, 0.13 or newer: https://docs.docker.com/go/buildx/"


def choose_builder(needs: Collection[Need], support: BuilderSupport) -> Builder:
    """The most direct builder that has what a build needs. Raises :class:`UnsupportedError` where none has."""
    keys = ", ".join(f"build.{key}" for key in sorted(need.value for need in needs))
    session = SESSION_NEEDS.intersection(needs)
    is_limited = bool(LIMITS.intersection(needs)) and not support.has_limits
    if not support.has_buildkit or is_limited:
        if session:
            raise UnsupportedError(
                f"{keys}: the engine has no builder with all of this", hint="use Docker 23 or newer, on Linux"
            )
        return Builder.CLASSIC
    if support.has_endpoint and not session:
        return Builder.BUILDKIT
    if support.has_buildx:
        return Builder.BUILDX
    what = f"{keys}: this takes a session with BuildKit" if session else "this engine builds only in a session"
    raise UnsupportedError(f"{what}, and there is no buildx on this machine", hint=BUILDX_HINT)


class FreezeStep(Struct, frozen=True):
    """One image that is to be had."""

    verb: str
    """``pin image`` or ``build image``."""
    name: str
    """A reference, or the service that it is built for."""
    cause: str
    """Ends the sentence "… because"."""


class FreezePlan(Struct, frozen=True):
    """The steps of a freeze. An image whose inputs turn out to be known is found instead of built."""

    commit: str
    steps: tuple[FreezeStep, ...]
    release: str = ""
    """The id of the release that the commit has already: then there are no steps."""

    def text(self) -> str:
        """The title and a line a step, aligned, with its cause."""
        title = f"freeze {short_id(self.commit)}"
        if self.release:
            return f"{title}\n  nothing to do: it is release {short_id(self.release)}"
        verbs = max((len(step.verb) for step in self.steps), default=0)
        names = max((len(step.name) for step in self.steps), default=0)
        lines = (f"{s.verb:<{verbs}}  {s.name:<{names}}  because {s.cause}" for s in self.steps)
        return "\n".join((title, *(f"  {line}" for line in lines)))


class BuildDifference(Struct, frozen=True):
    """One service, and two definitions that build it from different inputs."""

    service: str
    first: str
    """A definition's name."""
    second: str
    keys: tuple[str, ...]
    """Keys of ``build`` that differ; empty where the section is the same, and the platform is not."""

    def __str__(self) -> str:
        """``web is built differently in production than in staging: build.args``."""
        keys = ", ".join(f"build.{key}" for key in self.keys) or "platform"
        return f"{self.service} is built differently in {self.second} than in {self.first}: {keys}"


def build_differences(release: Release) -> tuple[BuildDifference, ...]:
    """Every service whose image in a definition has other inputs than in the first one that builds it."""
    return tuple(_differences(release))


def _differences(release: Release) -> Iterator[BuildDifference]:
    first: dict[str, str] = {}
    for name, frozen in release.definitions.items():
        for service, artifact in sorted(frozen.artifacts.items()):
            if artifact.input_digest is None:
                continue
            before = release.definitions[first.setdefault(service, name)]
            if before.artifacts[service].input_digest != artifact.input_digest:
                yield BuildDifference(service, first[service], name, _keys(before, frozen, service))


def _keys(one: FrozenDefinition, other: FrozenDefinition, service: str) -> tuple[str, ...]:
    built = (d.definition.services[service].build for d in (one, other))
    old, new = (build.spec if build is not None else {} for build in built)
    return tuple(sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)))


def needs_no_more_images(definition: Definition, than: Definition) -> bool:
    """Whether all that ``definition`` is frozen into is frozen for ``than`` anyway."""
    return _sources(definition) <= _sources(than)


def _sources(definition: Definition) -> frozenset[bytes]:
    """What each service's image is made from."""
    freezing = definition.raw_extension.get("freeze")
    services: list[JsonObject] = [
        {key: service.spec.get(key) for key in ("build", "image", "platform")}
        for service in definition.services.values()
    ]
    return frozenset(canonical_json({**source, "freeze": freezing}) for source in services)
