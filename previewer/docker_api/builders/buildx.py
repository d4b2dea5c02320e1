"""Build with the buildx program: it has a session with the engine's BuildKit, so secrets and further contexts.

Everything it reads lies in a folder of its own for the time of the build; nothing of the user's buildx settings
counts. Its progress is BuildKit's ``SolveStatus`` as JSON (``--progress rawjson``, since buildx 0.13).
"""

from __future__ import annotations

import os
import posixpath
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO

from previewer.docker_api.builders.buildx_command import (
    buildx_command,
    buildx_environment,
    context_path,
    ended_with_us,
)
from previewer.docker_api.builders.image_build import ImageBuild
from previewer.docker_api.builders.progress import BuildProgress, read_statuses
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.liveness import ensure_alive, while_alive
from previewer.domain.build import BUILDX_HINT
from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.files import folders_above
from previewer.domain.tar_pieces import open_tar
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


PREFIX = "previewer-build-"
"""Of build folders, before the number of the process that made it."""
SHORTEST_REST = 3600
"""Seconds before a folder may be removed: containers that share one have process numbers of their own."""


def unpack_context(stream: Iterator[bytes], folder: Path, cancellation: Cancellation) -> None:
    """Write the files of a tar stream of ours (files, folders, symbolic links) below ``folder``, times included.

    A name that leaves the folder is refused, and so is one below a link: git makes no such tree, but whatever
    writes its objects by hand can. Raises :class:`ValueError` for that, and what reading the stream raises.
    """
    folder.mkdir(parents=True)
    links: set[str] = set()
    with open_tar(stream) as archive:
        for entry in archive:
            cancellation.check()
            if entry.name.startswith("/") or ".." in entry.name.split("/"):
                raise ValueError(f"{entry.name} leaves the build context")
            name = posixpath.normpath(entry.name)
            path = folder / name
            # Some file systems take two spellings for one name.
            if path.is_symlink() or any(parent in links for parent in (name, *folders_above(name))):
                raise ValueError(f"{entry.name} is at or below a symbolic link")
            if entry.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif entry.issym():
                path.symlink_to(entry.linkname)
                links.add(name)
            elif (content := archive.extractfile(entry)) is not None:
                with content, path.open("xb") as file:
                    shutil.copyfileobj(content, file)
                path.chmod(entry.mode)
            os.utime(path, (entry.mtime, entry.mtime), follow_symlinks=False)


@contextmanager
def build_folder() -> Iterator[Path]:
    """A folder for one build. Those of processes that were killed are removed first."""
    for path in Path(gettempdir()).glob(f"{PREFIX}*"):
        number = path.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):  # another process may be removing it
            is_old = time.time() - path.stat().st_mtime > SHORTEST_REST
            if number.isdecimal() and is_old and not _lives(int(number)):
                shutil.rmtree(path, ignore_errors=True)
    with TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _lives(number: int) -> bool:
    """Whether a process may live. Where that can't be asked, it does: Windows ends processes that are asked so."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):  # no process has a number as large as that
        return False
    except PermissionError:
        return True
    return True
