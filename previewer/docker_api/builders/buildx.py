"""Build with the buildx program: it has a session with the engine's BuildKit, so secrets and further contexts.

Everything it reads lies in a folder of its own for the time of the build; nothing of the user's buildx settings
counts. Its progress is BuildKit's ``SolveStatus`` as JSON (``--progress rawjson``, since buildx 0.13).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from previewer.docker_api.builders.buildx_command import (
    buildx_command,
    buildx_environment,
    context_path,
    ended_with_us,
)
from previewer.docker_api.builders.context_folder import build_folder, unpack_context
from previewer.docker_api.builders.image_build import ImageBuild
from previewer.docker_api.builders.progress import BuildProgress, read_statuses
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.liveness import ensure_alive, while_alive
from previewer.domain.build.requirements import BUILDX_HINT
from previewer.domain.cancellation import Cancellation
from previewer.errors import FreezeError, UnsupportedError

END_SECONDS = 5.0
"""That buildx may take to end its session with the engine, which ends the build."""
_TOO_OLD = ("invalid progress mode rawjson", "unknown flag", "unknown shorthand flag")
_NO_CONTEXTS = "moby.buildkit.frontend.contexts"


def build_with_buildx(
    connection: DockerConnection,
    build: ImageBuild,
    progress: BuildProgress,
    *,
    program: str,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
) -> None:
    """Build, and let ``progress`` take what buildx says.

    Raises :class:`CancelledError`, :class:`UnsupportedError` for a buildx or BuildKit that is too old, and what
    reading the contexts raises.
    """
    with build_folder() as folder:
        _prepare(build, folder, cancellation)
        environment = buildx_environment(os.environ, connection.endpoint, build.requirements.secrets, folder)
        code = _run(
            connection, buildx_command(program, build, folder), environment, progress, on_line, cancellation
        )
        cancellation.check()
        if code == 0:
            progress.image = (folder / "image").read_text(encoding="ascii").strip()
            return
    if not progress.error:
        ensure_alive(connection, f"build {build.reference}")
    if _NO_CONTEXTS in progress.error:
        raise UnsupportedError(
            "build.additional_contexts: the engine's BuildKit is too old for them", hint="update the engine"
        )
    if any(text in progress.error for text in _TOO_OLD):
        raise UnsupportedError(f"{program} is too old: {progress.error}", hint=BUILDX_HINT)


def _prepare(build: ImageBuild, folder: Path, cancellation: Cancellation) -> None:
    try:
        unpack_context(build.open_context(), folder / "context", cancellation)
        for number, open_context in enumerate(build.requirements.contexts.values()):
            unpack_context(open_context(), context_path(folder, number), cancellation)
        (folder / "dockerfile").write_bytes(build.dockerfile)
        # Other builders read it out of the context: a step that lists its files must see the same everywhere.
        with (folder / "context" / build.dockerfile_path).open("xb") as file:  # never through a link
            file.write(build.dockerfile)
        # What is to be ignored is left out already: this wins over the context's own list.
        (folder / "dockerfile.dockerignore").write_bytes(b"")
    except (OSError, ValueError) as error:
        raise FreezeError(f"the build context cannot be written: {error}", where=build.reference) from error


def _run(
    connection: DockerConnection,
    command: list[str],
    environment: Mapping[str, str],
    progress: BuildProgress,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
) -> int:
    """The program's exit code."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(environment),
        # Ctrl-C reaches the whole group; who interrupts whom is decided here.
        start_new_session=True,
    )
    take_back = cancellation.on_request(process.terminate)
    try:
        with ended_with_us(process), while_alive(connection, "build", process.kill):
            _follow(process.stderr, progress, on_line)
        return process.wait()
    finally:
        take_back()
        _end(process)


def _follow(output: IO[bytes] | None, progress: BuildProgress, on_line: Callable[[str], None]) -> None:
    lines = (line.decode("utf-8", "replace") for line in output or ())
    for status in read_statuses(lines):
        if isinstance(status, str):
            progress.take_complaint(status)
            continue
        for text in progress.take_status(status):
            on_line(text)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stderr is not None:
        with suppress(OSError):
            process.stderr.close()
