"""Build an image through ``POST /build``, the context streamed as the request's body.

``version=2`` asks for BuildKit, which needs neither a session nor the buildx plugin this way (Docker Engine API,
ImageBuild). What needs a session (secrets, ssh, private bases that are not pulled yet) can't be had.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus

import docker
import docker.errors
import requests
import requests.exceptions

from previewer.docker_api.build_progress import BuildProgress
from previewer.docker_api.byte_stream import ByteStream
from previewer.docker_api.connection import CALL_TIMEOUT, DockerConnection
from previewer.docker_api.errors import FULL_DISK, FULL_DISK_HINT, error_text, translate_errors
from previewer.docker_api.liveness import ensure_alive, while_alive
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonValue, as_list, as_object, as_text
from previewer.errors import BuildError, EngineError, PreviewerError

BUILDKIT, CLASSIC = "buildkit", "classic"
CANCEL_TIMEOUT = 5
"""Seconds that the engine may take to hear of a cancellation."""
_EXIT_CODE = re.compile(r"exit code: \d+|returned a non-zero code: \d+")
_WRAPPING = re.compile(r"^(?:failed to solve(?: with frontend [\w.]+)?|failed to create LLB definition): ")


@dataclass(frozen=True, slots=True)
class ImageBuild:
    """What is to be built, in the engine's words."""

    reference: str
    dockerfile: str
    """Path of the Dockerfile in the context."""
    target: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]
    platform: str
    use_cache: bool


def find_builder(connection: DockerConnection) -> str:
    """``buildkit`` where the engine has it: Docker on Linux since API 1.39; else ``classic``."""
    components = {as_text(as_object(part).get("Name")) for part in as_list(connection.version.get("Components"))}
    is_docker = any(name in ("Engine", "") for name in components) or not components
    is_linux = as_text(connection.version.get("Os"), "linux") == "linux"
    return BUILDKIT if is_docker and is_linux and connection.api_version >= (1, 39) else CLASSIC


def build_image(
    connection: DockerConnection,
    build: ImageBuild,
    context: Iterator[bytes],
    *,
    builder: str,
    on_line: Callable[[str], None],
    locate: Callable[[str, str], str],
    cancellation: Cancellation,
) -> str:
    """The id of the built image.

    ``locate`` says where a failed step (or, if that is empty, an error's text) stands in the Dockerfile. Raises
    :class:`BuildError`, :class:`CancelledError`, and what reading ``context`` raises.
    """
    progress = BuildProgress()
    body = _Upload(context, cancellation)
    number = secrets.token_hex(16)
    with closing(connection.new_stream_client()) as client:
        take_back = cancellation.on_request(lambda: _cancel_build(connection, number))
        try:
            with translate_errors(f"build {build.reference}", subject="the builder"):
                answer = _post(client, _parameters(build, builder, number), body, locate)
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
    if progress.error or not progress.image:
        raise _build_error(progress, locate)
    return progress.image


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


def _parameters(build: ImageBuild, builder: str, number: str) -> dict[str, str]:
    found = {
        "t": build.reference,
        "dockerfile": build.dockerfile,
        "buildargs": json.dumps(dict(build.args)),
        "labels": json.dumps(dict(build.labels)),
        "rm": "1",
        "forcerm": "1",
    }
    if builder == BUILDKIT:
        found |= {"version": "2", "buildid": number, "platform": build.platform}
    if build.target is not None:
        found["target"] = build.target
    if not build.use_cache:
        found["nocache"] = "1"
    return found


def _post(
    client: docker.APIClient, parameters: Mapping[str, str], body: _Upload, locate: Callable[[str, str], str]
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
    if answer.ok:
        return answer
    refusal = docker.errors.APIError(answer.reason, response=answer, explanation=_explanation(answer))
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        # The classic builder reads the Dockerfile before it answers.
        text = error_text(refusal)
        raise BuildError(text, where=locate("", text)) from refusal
    raise refusal


def _explanation(answer: requests.Response) -> str:
    try:
        return as_text(as_object(answer.json()).get("message"))
    except requests.exceptions.JSONDecodeError:
        return answer.text


def _follow(
    connection: DockerConnection,
    answer: requests.Response,
    progress: BuildProgress,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
) -> None:
    stream = ByteStream(answer)
    stream.lift_time_limit()
    take_back = cancellation.on_request(stream.close)
    rest = b""
    try:
        with while_alive(connection, "build", stream.close):
            for chunk in stream:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(bytes.strip, lines):
                    message: JsonValue = json.loads(line)
                    for text in progress.take(as_object(message)):
                        on_line(text)
    finally:
        take_back()
        stream.close()


def _cancel_build(connection: DockerConnection, number: str) -> None:
    """Tell BuildKit; a build that has not begun, or ended, is none of our business."""
    api = connection.api
    with suppress(requests.exceptions.RequestException):
        api.post(
            f"{api.base_url}/v{api.api_version}/build/cancel", params={"id": number}, timeout=CANCEL_TIMEOUT
        ).close()


def _build_error(progress: BuildProgress, locate: Callable[[str, str], str]) -> BuildError:
    message = _WRAPPING.sub("", _WRAPPING.sub("", progress.error or "the engine ended the build without an image"))
    step = re.sub(r"^\[[^\]]*\] ", "", progress.failed_step)
    if step and (code := _EXIT_CODE.search(message)):
        message = f"{step}: {code[0]}"
    told = (message, *progress.last_lines)
    return BuildError(
        message,
        where=locate(step, message),
        hint=FULL_DISK_HINT if any(FULL_DISK in line.lower() for line in told) else None,
        details=((step,) if step else ()) + progress.last_lines,
    )
