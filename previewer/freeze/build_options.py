"""The keys of a ``build`` section: which are honoured, which change nothing, which are refused, and why."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.build_means import BuildMeans
from previewer.domain.definition import Definition
from previewer.domain.json_value import as_list, as_object, as_text
from previewer.domain.labels import is_reserved
from previewer.domain.service import BuildSection, Service
from previewer.errors import DefinitionError, UnsupportedError
from previewer.freeze.build_surroundings import ReadSecret, read_build_means
from previewer.frozen import dataclass

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
    "provenance": "attestations are no part of an image's content",
    "sbom": "attestations are no part of an image's content",
}
REFUSED = {
    "privileged": "builds run without privileges",
    "entitlements": "builds run without privileges",
    "isolation": "it is for Windows containers",
}
ADDITIONS_HINT = "remove the key, or do it in the Dockerfile"
FRONTEND_ARG = "BUILDKIT_SYNTAX"


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What a ``build`` section asks for besides context and Dockerfile."""

    args: Mapping[str, str]
    labels: Mapping[str, str]
    platform: str
    use_cache: bool
    takes_ciphertext: bool
    """Whether files that git-crypt has encrypted may be in images as they are."""
    means: BuildMeans
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
        use_cache=build.spec.get("no_cache") is not True,
        takes_ciphertext=as_object(definition.extension.get("freeze")).get("encrypted_files") is True,
        means=read_build_means(definition, service, build, secrets=secrets),
    )


def _args(definition: Definition, service: Service, build: BuildSection) -> Mapping[str, str]:
    """``x-previewer.freeze.args`` for every service, then the service's own."""
    shared = as_object(as_object(definition.extension.get("freeze")).get("args"))
    args = {**{key: _as_argument(value) for key, value in shared.items()}, **build.args}
    if FRONTEND_ARG in args:
        raise UnsupportedError(
            f"the build argument {FRONTEND_ARG} is not supported: images are built by the engine's own frontend",
            where=_where(definition, service, "args"),
            hint=ADDITIONS_HINT,
        )
    return args


def _labels(definition: Definition, service: Service, build: BuildSection) -> Mapping[str, str]:
    labels = {key: _as_argument(value) for key, value in as_object(build.spec.get("labels")).items()}
    for key in labels:
        if is_reserved(key):
            raise DefinitionError(
                f"build.labels: {key!r} is reserved for previewer and Compose",
                where=_where(definition, service, "labels"),
                hint="choose another prefix",
            )
    return labels


def _platform(definition: Definition, service: Service, build: BuildSection, default: str) -> str:
    listed = [as_text(value) for value in as_list(build.spec.get("platforms"))]
    wanted = as_text(service.spec.get("platform"))
    if wanted and listed and wanted not in listed:
        raise DefinitionError(
            f"platform {wanted} is not among build.platforms", where=_where(definition, service, "platforms")
        )
    if wanted or not listed:
        return wanted or default
    # Where several are listed, an environment runs on one engine and so needs one of them.
    return default if default in listed else listed[0]


def _as_argument(value: object) -> str:
    """YAML's booleans as Compose spells them."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _where(definition: Definition, service: Service, key: str) -> str:
    return str(definition.locate(("services", service.name, "build", key)))
