"""The buildx program: how it is found and called, and how it ends with the process that started it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from previewer.docker_api.builders.image_build import ImageBuild
from previewer.docker_api.wire.contexts import Endpoint
from previewer.domain.build import BuildRequirements
from previewer.errors import UnsupportedError

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
