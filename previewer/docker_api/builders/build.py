"""Have an image built by whichever builder serves: BuildKit or the classic builder at the endpoint, or buildx."""

from __future__ import annotations

import json
import os
import secrets
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

import docker
import docker.utils.config
import requests
import requests.exceptions
from msgspec import Struct, ValidationError, convert
from msgspec.structs import replace

from previewer.docker_api.builders.buildx import build_with_buildx, find_buildx
from previewer.docker_api.builders.image_build import ImageBuild, Locate, Redaction, build_error, hint_for
from previewer.docker_api.builders.progress import BuildMessage, BuildProgress
from previewer.docker_api.connection import CALL_TIMEOUT, DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.images import EngineImages
from previewer.docker_api.streams import ensure_alive, read_objects, reading
from previewer.docker_api.wire.protocol import RefusedError
from previewer.docker_api.wire.sdk_wire import check_response, lift_time_limit, stream_body
from previewer.domain.build import Builder, BuilderSupport, BuildRequirements, choose_builder
from previewer.domain.cancellation import Cancellation
from previewer.errors import BuildError, EngineError, PreviewerError


class ClassicSteps:
    """Removes them when no build of ours runs any more: one may go on from what another has made."""

    def __init__(self, connection: DockerConnection) -> None:
        self._connection = connection
        self._guard = threading.Lock()
        self._running = 0
        self._made: list[str] = []

    @contextmanager
    def removed_after(self, progress: BuildProgress) -> Iterator[None]:
        """The block builds, and ``progress`` is told how that goes. Raises nothing of its own."""
        with self._guard:
            self._running += 1
        try:
            yield
        finally:
            with self._guard:
                self._running -= 1
                self._made += progress.made
                made, self._made = ([], self._made) if self._running else (self._made, [])
            for image in reversed(made):
                self._remove(image)

    def _remove(self, image: str) -> None:
        """What has a name, or what a named image was built upon, stays: the engine removes that with it."""
        with suppress(EngineError):
            held = EngineImages(self._connection).inspect(image)
            if held is None or held.tags or held.repository_digests:
                return
            with translate_errors("remove a step of the build", subject=image):
                self._connection.api.remove_image(image)


CANCEL_TIMEOUT = 5
"""Seconds that the engine may take to hear of a cancellation."""


def build_at_endpoint(
    connection: DockerConnection,
    build: ImageBuild,
    progress: BuildProgress,
    *,
    is_buildkit: bool,
    on_line: Callable[[str], None],
    locate: Locate,
    cancellation: Cancellation,
) -> None:
    """Build, and let ``progress`` take what the engine says.

    Raises :class:`BuildError` for a Dockerfile that the classic builder can't read, :class:`CancelledError`,
    :class:`EngineError`, and what reading the context raises.
    """
    body = _Upload(_with_dockerfile(build), cancellation)
    number = secrets.token_hex(16)
    with closing(connection.new_stream_client()) as client:
        take_back = cancellation.on_request(lambda: _cancel_build(connection, number))
        try:
            with translate_errors(f"build {build.reference}", subject="the builder"):
                parameters = _parameters(build, number, is_buildkit=is_buildkit)
                answer = _post(client, parameters, body, locate)
                _follow(connection, answer, progress, on_line, cancellation)
        except EngineError:
            cancellation.check()
            raise
        finally:
            take_back()
            if body.failure is not None:
                raise body.failure
    cancellation.check()
    if not progress.error and not progress.image:
        ensure_alive(connection, f"build {build.reference}")


class _Upload:
    """The request's body. It remembers what reading failed with, for the HTTP library wraps it."""

    def __init__(self, chunks: Iterator[bytes], cancellation: Cancellation) -> None:
        self._chunks = chunks
        self._cancellation = cancellation
        self.failure: PreviewerError | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                self._cancellation.check()
                if chunk:  # an empty chunk would end the body
                    yield chunk
        except PreviewerError as error:
            self.failure = error
            raise


def _with_dockerfile(build: ImageBuild) -> Iterator[bytes]:
    """The context's stream with the Dockerfile in front."""
    header = tarfile.TarInfo(build.dockerfile_path)
    header.size = len(build.dockerfile)
    yield header.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    yield build.dockerfile + bytes(-header.size % tarfile.BLOCKSIZE)
    yield from build.open_context()


def _parameters(build: ImageBuild, number: str, *, is_buildkit: bool) -> dict[str, str]:
    requirements = build.requirements
    found = {
        "t": build.reference,
        "dockerfile": build.dockerfile_path,
        "buildargs": json.dumps(dict(build.args)),
        "labels": json.dumps(dict(build.labels)),
        "rm": "1",
        "forcerm": "1",
    }
    if is_buildkit:
        found |= {"version": "2", "buildid": number, "platform": build.platform}
    if build.target is not None:
        found["target"] = build.target
    if not build.use_cache:
        found["nocache"] = "1"
    if requirements.network:
        found["networkmode"] = requirements.network
    if requirements.extra_hosts:
        found["extrahosts"] = ",".join(host.replace("=", ":", 1) for host in requirements.extra_hosts)
    if requirements.shm_bytes is not None:
        found["shmsize"] = str(requirements.shm_bytes)
    if requirements.ulimits:
        limits = [{"Name": limit.name, "Soft": limit.soft, "Hard": limit.hard} for limit in requirements.ulimits]
        found["ulimits"] = json.dumps(limits)
    return found


def _post(
    client: docker.APIClient, parameters: Mapping[str, str], body: _Upload, locate: Locate
) -> requests.Response:
    answer = client.post(
        f"{client.base_url}/v{client.api_version}/build",
        data=iter(body),
        params=parameters,
        headers={"Content-Type": "application/x-tar"},
        stream=True,
        # The engine begins to answer before the first step; only what follows may take as long as it likes.
        timeout=CALL_TIMEOUT,
    )
    try:
        check_response(answer)
    except RefusedError as refusal:
        if refusal.status != HTTPStatus.BAD_REQUEST:
            raise
        # The classic builder reads the Dockerfile before it answers.
        raise BuildError(refusal.text, where=locate("", refusal.text), hint=hint_for(refusal.text)) from refusal
    return answer


def _follow(
    connection: DockerConnection,
    answer: requests.Response,
    progress: BuildProgress,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
) -> None:
    lift_time_limit(answer)
    stream = stream_body(answer)
    with reading(connection, stream, "build", cancellation):
        for message in read_objects(stream, BuildMessage):
            for text in progress.take(message):
                on_line(text)


def _cancel_build(connection: DockerConnection, number: str) -> None:
    """Tell BuildKit; a build that has not begun, or ended, is none of our business."""
    api = connection.api
    with suppress(requests.exceptions.RequestException):
        api.post(
            f"{api.base_url}/v{api.api_version}/build/cancel", params={"id": number}, timeout=CANCEL_TIMEOUT
        ).close()


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
