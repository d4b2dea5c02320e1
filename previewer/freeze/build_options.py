"""The keys of a ``build`` section: which are honoured, which change nothing, which are refused, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from previewer.domain.build import BuildRequirements, Ulimit
from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.mounted_files import config_content
from previewer.domain.compose.service import BuildSection, Service
from previewer.domain.labels import is_reserved
from previewer.errors import DefinitionError, UnsupportedError

HONOURED = frozenset(
    {
        "additional_contexts",
        "args",
        "context",
        "dockerfile",
        "dockerfile_inline",
        "extra_hosts",
        "labels",
        "network",
        "no_cache",
        "platforms",
        "secrets",
        "shm_size",
        "ssh",
        "target",
        "ulimits",
    }
)
WITHOUT_EFFECT = {
    "pull": "bases are resolved at every freeze anyway",
    "cache_from": "a cache from elsewhere may hold anything, and images are shared by what they are built from",
    "cache_to": "the engine's own cache is used",
    "tags": "images are named by what they were built from",
    "provenance": "attestations are not part of an image's content",
    "sbom": "attestations are not part of an image's content",
}
REFUSED = {
    "privileged": "builds run without privileges",
    "entitlements": "builds run without privileges",
    "isolation": "it is for Windows containers",
}
ADDITIONS_HINT = "remove the key, or do it in the Dockerfile"
FRONTEND_ARG = "BUILDKIT_SYNTAX"


class BuildOptions(Struct, frozen=True):
    """What a ``build`` section asks for besides context and Dockerfile."""

    args: Mapping[str, str]
    labels: Mapping[str, str]
    platform: str
    use_cache: bool
    takes_ciphertext: bool
    """Whether files that git-crypt has encrypted may be in images as they are."""
    requirements: BuildRequirements
    """Without further contexts: those are read with the files."""


def read_build_options(
    definition: Definition, service: Service, build: BuildSection, *, default_platform: str, secrets: ReadSecret
) -> BuildOptions:
    """Check and read the section. ``secrets`` gives the content of a secret that the definition names.

    Raises :class:`UnsupportedError` or :class:`DefinitionError`, with file and line, for what can't be honoured.
    """
    for key, value in build.spec.items():
        if key in HONOURED or key in WITHOUT_EFFECT or key.startswith("x-") or not value:
            continue
        if key == "isolation" and value == "default":
            continue
        raise UnsupportedError(
            f"build.{key} is not supported: {REFUSED.get(key, 'the engine has nothing like it')}",
            where=_where(definition, service, key),
            hint=ADDITIONS_HINT,
        )
    return BuildOptions(
        args=_args(definition, service, build),
        labels=_labels(definition, service, build),
        platform=_platform(definition, service, build, default_platform),
        use_cache=not build.no_cache,
        takes_ciphertext=definition.extension.freeze.encrypted_files,
        requirements=read_build_requirements(definition, service, build, secrets=secrets),
    )


def _args(definition: Definition, service: Service, build: BuildSection) -> Mapping[str, str]:
    """``x-previewer.freeze.args`` for every service, then the service's own."""
    shared = definition.extension.freeze.args
    own = {key: value for key, value in build.args.items() if value is not None}
    args = {**{key: _as_argument(value) for key, value in shared.items()}, **own}
    if FRONTEND_ARG in args:
        raise UnsupportedError(
            f"the build argument {FRONTEND_ARG} is not supported: images are built by the engine's own frontend",
            where=_where(definition, service, "args"),
            hint=ADDITIONS_HINT,
        )
    return args


def _labels(definition: Definition, service: Service, build: BuildSection) -> Mapping[str, str]:
    for key in build.labels:
        if is_reserved(key):
            raise DefinitionError(
                f"build.labels: {key!r} is reserved for previewer and Compose",
                where=_where(definition, service, "labels"),
                hint="choose another prefix",
            )
    return build.labels


def _platform(definition: Definition, service: Service, build: BuildSection, default: str) -> str:
    listed, chosen = build.platforms, service.platform
    if chosen and listed and chosen not in listed:
        raise DefinitionError(
            f"platform {chosen} is not among build.platforms", where=_where(definition, service, "platforms")
        )
    if chosen or not listed:
        return chosen or default
    # Where several are listed, an environment runs on one engine and so needs one of them.
    return default if default in listed else listed[0]


def _as_argument(value: object) -> str:
    """YAML's booleans as Compose spells them."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _where(definition: Definition, service: Service, key: str) -> str:
    return str(definition.locate(("services", service.name, "build", key)))


MAX_SECRET_BYTES = 500 * 1024
"""BuildKit's own limit (moby/buildkit, ``session/secrets``)."""

ReadSecret = Callable[[str], bytes]
"""The content of the secret that the definition calls so. Raises :class:`DefinitionError` where there is none."""


def read_build_requirements(
    definition: Definition, service: Service, build: BuildSection, *, secrets: ReadSecret
) -> BuildRequirements:
    """Read what ``RUN`` steps are given. Raises :class:`DefinitionError`, with file and line."""
    return BuildRequirements(
        network="" if build.network == "default" else build.network,
        extra_hosts=build.extra_hosts,
        shm_bytes=build.shm_size,
        ulimits=tuple(_ulimits(build)),
        secrets={secret.target or secret.source: secrets(secret.source) for secret in build.secrets},
        ssh=tuple(_ssh(definition, service, build)),
    )


def secret_reader(definition: Definition, tree: FileTree, variables: Mapping[str, str]) -> ReadSecret:
    """Reads a definition's secrets, from files of the commit or from ``variables``."""
    return lambda name: config_content(definition, f"secrets/{name}", tree, variables, limit=MAX_SECRET_BYTES)


def _ssh(definition: Definition, service: Service, build: BuildSection) -> Iterator[str]:
    for key in build.ssh:
        name, _, path = key.partition("=")
        if path and not path.startswith(("/", "~")):
            raise DefinitionError(
                f"build.ssh: the key {path} is not an absolute path, and keys do not belong in a commit",
                where=str(definition.locate(("services", service.name, "build", "ssh"))),
                hint=f"use your agent: `default`, or `{name}` with an absolute path",
            )
        yield key


def _ulimits(build: BuildSection) -> Iterator[Ulimit]:
    for name, limit in sorted(build.ulimits.items()):
        yield Ulimit(name, limit, limit) if isinstance(limit, int) else Ulimit(name, limit.soft, limit.hard)
