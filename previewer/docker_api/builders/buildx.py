"""Build with the buildx program: it has a session with the engine's BuildKit, so secrets and further contexts.

Everything it reads lies in a folder of its own for the time of the build; nothing of the user's buildx settings
counts. Its progress is BuildKit's ``SolveStatus`` as JSON (``--progress rawjson``, since buildx 0.13). The program
ends with the process that started it.
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

from previewer.docker_api.builders.image_build import ImageBuild
from previewer.docker_api.builders.progress import BuildProgress, read_statuses
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.streams import ensure_alive, while_alive
from previewer.docker_api.wire.contexts import Endpoint
from previewer.domain.build import BUILDX_HINT, BuildRequirements
from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.files import folders_above
from previewer.domain.tar_pieces import open_tar
from previewer.errors import FreezeError, UnsupportedError

_WATCH = 'read -r _; kill "$1"'


@contextmanager
def ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """While the block lasts, a shell waits for this process to end, and asks ``process`` to end then.

    It reads a pipe of which only this process holds the other end, so that it hears of any end at once. Where
    there is no POSIX shell nothing happens.
    """
    shell = shutil.which("sh")
    if shell is None:
        yield
        return
    watcher = subprocess.Popen(
        [shell, "-c", _WATCH, "watch", str(process.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        watcher.kill()
        watcher.communicate()


PLUGIN = "docker-buildx"
PLUGIN_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
    "/opt/homebrew/lib/docker/cli-plugins",
)
"""Where the docker command looks for plugins, after its settings' folder."""
FOREIGN_PREFIXES = ("BUILDX_", "BUILDKIT_", "DOCKER_", "COMPOSE_", "OTEL_")
"""Variables that would make a build depend on who starts it."""
MAX_SECRET_BYTES = 100_000
"""A variable holds 128 KiB at most (Linux, MAX_ARG_STRLEN)."""


def find_buildx(environ: Mapping[str, str]) -> str | None:
    """The program, as the docker command would find its plugin; else ``buildx`` on the path."""
    name = f"{PLUGIN}.exe" if sys.platform == "win32" else PLUGIN
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    settings = environ.get("DOCKER_CONFIG") or (str(Path(home) / ".docker") if home else "")
    for folder in ([str(Path(settings) / "cli-plugins")] if settings else []) + list(PLUGIN_FOLDERS):
        path = Path(folder) / name
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    search = environ.get("PATH", "")
    return shutil.which(PLUGIN, path=search) or shutil.which("buildx", path=search)


def buildx_command(program: str, build: ImageBuild, folder: Path) -> list[str]:
    """The whole command. ``folder`` holds ``context``, ``dockerfile``, ``contexts/N``, and soon ``image``.

    Raises :class:`UnsupportedError` for a name that buildx would read as something else.
    """
    return [program, "build", *_options(build, folder), "--", str(folder / "context")]


def buildx_environment(
    environ: Mapping[str, str], endpoint: Endpoint, secrets: Mapping[str, bytes], folder: Path
) -> dict[str, str]:
    """The caller's variables without those that steer builds, and with ours.

    Credentials and their helpers stay the user's own. Raises :class:`UnsupportedError` for a secret that does not
    fit into a variable; as variables they leave nothing on the disk, whatever happens to us.
    """
    found = {
        name: value
        for name, value in environ.items()
        if not name.startswith(FOREIGN_PREFIXES) and name != "SOURCE_DATE_EPOCH"
    }
    if settings := environ.get("DOCKER_CONFIG"):
        found["DOCKER_CONFIG"] = settings
    found |= {
        "DOCKER_HOST": endpoint.host,
        "BUILDX_CONFIG": str(folder / "buildx"),
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        "BUILDX_GIT_INFO": "false",
    }
    if endpoint.tls is not None:
        found["DOCKER_TLS_VERIFY"] = "1" if endpoint.tls.verify else ""
        if endpoint.tls.authority is not None:
            found["DOCKER_CERT_PATH"] = str(endpoint.tls.authority.parent)
    for number, (name, value) in enumerate(sorted(secrets.items())):
        if len(value) > MAX_SECRET_BYTES or b"\0" in value:
            raise UnsupportedError(
                f"the build secret {name} does not fit into a variable",
                hint=f"at most {MAX_SECRET_BYTES} bytes of text",
            )
        found[secret_variable(number)] = os.fsdecode(value)
    return found


def secret_variable(number: int) -> str:
    """The variable that hands the n-th secret, in the order of their ids, to buildx."""
    return f"PREVIEWER_BUILD_SECRET_{number}"


def context_path(folder: Path, number: int) -> Path:
    """Where the n-th further context lies. Its name is the branch's and could lead anywhere."""
    return folder / "contexts" / str(number)


def _plain(name: str, key: str) -> str:
    """``name``, if nothing in it ends it: buildx takes CSV and ``NAME=VALUE``, and by these any file of ours."""
    if any(character in ',="' or not character.isprintable() for character in name):
        raise UnsupportedError(
            f"build.{key}: the name {name!r} cannot be given to buildx", hint="letters, digits, dots and dashes"
        )
    return name


def _options(build: ImageBuild, folder: Path) -> Iterator[str]:
    # The default builder is the engine's own, whichever the user has chosen for other work.
    yield from ("--builder", "default", "--load", "--progress", "rawjson")
    yield from ("--file", str(folder / "dockerfile"), "--iidfile", str(folder / "image"))
    yield from ("--tag", build.reference, "--platform", build.platform)
    if build.target is not None:
        yield from ("--target", build.target)
    if not build.use_cache:
        yield "--no-cache"
    for key, value in build.args.items():
        yield from ("--build-arg", f"{key}={value}")
    for key, value in build.labels.items():
        yield from ("--label", f"{key}={value}")
    yield from _build_settings(build.requirements)
    for number, name in enumerate(sorted(build.requirements.secrets)):
        yield from ("--secret", f"id={_plain(name, 'secrets')},env={secret_variable(number)}")
    for key in build.requirements.ssh:
        yield from ("--ssh", key)
    for number, name in enumerate(build.requirements.contexts):
        yield from ("--build-context", f"{_plain(name, 'additional_contexts')}={context_path(folder, number)}")


def _build_settings(requirements: BuildRequirements) -> Iterator[str]:
    """What ``RUN`` steps run in."""
    if requirements.network:
        yield from ("--network", requirements.network)
    for host in requirements.extra_hosts:
        yield from ("--add-host", host.replace("=", ":", 1))
    if requirements.shm_bytes is not None:
        yield from ("--shm-size", str(requirements.shm_bytes))
    for limit in requirements.ulimits:
        yield from ("--ulimit", f"{limit.name}={limit.soft}:{limit.hard}")


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
