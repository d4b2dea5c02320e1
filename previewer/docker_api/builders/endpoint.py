"""Build through ``POST /build``, and remove the nameless images that the classic builder leaves."""

from __future__ import annotations

import json
import secrets
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus

import docker
import requests
import requests.exceptions

from previewer.docker_api.builders.image_build import ImageBuild, Locate, hint_for
from previewer.docker_api.builders.progress import BuildMessage, BuildProgress
from previewer.docker_api.connection import CALL_TIMEOUT, DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.gathered_stream import read_objects
from previewer.docker_api.images import EngineImages
from previewer.docker_api.liveness import ensure_alive, reading
from previewer.docker_api.wire.protocol import RefusedError
from previewer.docker_api.wire.sdk_wire import check_response, lift_time_limit, stream_body
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
