"""Have an image built by whichever builder serves: BuildKit at the endpoint, buildx, or the classic builder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

import docker.utils.config
from msgspec import Struct, ValidationError, convert
from msgspec.structs import replace

from previewer.docker_api.builders.buildx import build_with_buildx
from previewer.docker_api.builders.buildx_command import find_buildx
from previewer.docker_api.builders.endpoint import ClassicSteps, build_at_endpoint
from previewer.docker_api.builders.image_build import ImageBuild, Locate, Redaction, build_error
from previewer.docker_api.builders.progress import BuildProgress
from previewer.docker_api.connection import DockerConnection
from previewer.domain.build import Builder, BuilderSupport, BuildRequirements, choose_builder
from previewer.domain.cancellation import Cancellation
from previewer.errors import BuildError

BUILDKIT, CLASSIC = Builder.BUILDKIT.value, Builder.CLASSIC.value
ENDPOINT_WITH_CONTAINERD_API = (1, 46)
"""Since Docker 27, BuildKit finds a context that was posted also where images are in containerd's store."""
LIMITS_API = (1, 42)
"""The API version of Docker 23."""


def find_builder(connection: DockerConnection) -> str:
    """``buildkit`` where the engine has it: Docker on Linux since API 1.39; else ``classic``."""
    version = connection.version
    is_docker = any(part.name in ("Engine", "") for part in version.components or ()) or not version.components
    return BUILDKIT if is_docker and version.os == "linux" and connection.api_version >= (1, 39) else CLASSIC


def builder_for(connection: DockerConnection, requirements: BuildRequirements, *, builder: str) -> Builder:
    """The builder that a build with ``requirements`` is to be given to.

    ``builder`` is what :func:`find_builder` found, or ``classic`` to insist on that. Raises
    :class:`UnsupportedError` where none has what the build needs.
    """
    support = BuilderSupport(
        has_buildkit=builder == BUILDKIT,
        has_endpoint=connection.api_version >= ENDPOINT_WITH_CONTAINERD_API or not connection.has_containerd_store,
        has_buildx=find_buildx(os.environ) is not None,
        has_limits=connection.api_version >= LIMITS_API,
    )
    return choose_builder(requirements.needs, support)


def build_image(
    connection: DockerConnection,
    build: ImageBuild,
    *,
    builder: Builder,
    steps: ClassicSteps,
    on_line: Callable[[str], None],
    locate: Locate,
    cancellation: Cancellation,
) -> str:
    """The id of the built image, as the engine calls it.

    ``builder`` is that of :func:`builder_for`; ``steps`` is shared by all builds over the connection. ``locate``
    says where a failed step (or, if that is empty, an error's text) stands in the Dockerfile. Raises
    :class:`BuildError`, :class:`UnsupportedError` where the builder is too old, :class:`CancelledError`, and what
    reading the context raises. Secrets are in none of what is told.
    """
    progress = BuildProgress()
    proxies = proxy_arguments(connection.endpoint.host)
    redaction = Redaction([*build.requirements.secrets.values(), *proxy_passwords(proxies)])
    if builder is not Builder.BUILDX:  # which reads the configuration itself
        build = replace(build, args={**proxies, **build.args})

    def tell(line: str) -> None:
        on_line(redaction.line(line))

    run: Callable[..., None]
    if builder is Builder.BUILDX:
        run = partial(build_with_buildx, program=find_buildx(os.environ) or "")
    else:
        run = partial(build_at_endpoint, is_buildkit=builder is Builder.BUILDKIT, locate=locate)
    try:
        with steps.removed_after(progress):
            run(connection, build, progress, on_line=tell, cancellation=cancellation)
        if progress.error or not progress.image:
            raise build_error(progress, locate)
    except BuildError as error:
        raise redaction.error(error) from error.__cause__
    return progress.image


# The proxies of the user's docker configuration, as the build arguments that no Dockerfile has to
# declare.
#
# They change no image's id: builders keep them out of their caches and histories, and they are no
# part of an input.

_ARGUMENTS = {
    "httpProxy": "http_proxy",
    "httpsProxy": "https_proxy",
    "ftpProxy": "ftp_proxy",
    "noProxy": "no_proxy",
    "allProxy": "all_proxy",
}
"""Build arguments, in lower case, by the key of ``proxies`` in ``config.json``."""


class _Settings(Struct, frozen=True):
    proxies: dict[str, dict[str, str] | None] | None = None


def proxy_arguments(host: str) -> dict[str, str]:
    """Those for an engine at ``host``, in lower and in upper case as programs look for either."""
    try:
        proxies = convert(docker.utils.config.load_general_config(), _Settings).proxies or {}
    except ValidationError:
        return {}
    chosen = proxies.get(host) or proxies.get("default") or {}
    found = {name: value for key, name in _ARGUMENTS.items() if (value := chosen.get(key))}
    return {**found, **{name.upper(): value for name, value in found.items()}}


def proxy_passwords(arguments: Mapping[str, str]) -> set[bytes]:
    """What of them must not be shown."""
    passwords = (urlsplit(value).password for name, value in arguments.items() if name.lower() != "no_proxy")
    return {password.encode() for password in passwords if password}
