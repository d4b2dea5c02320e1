"""The image of the router: Caddy's official one, or its static program of this machine in an image of its own."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import struct
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.image_files import ImageArchives
from previewer.docker_api.images import EngineImages
from previewer.domain.cancellation import Cancellation
from previewer.domain.naming import ROUTER_REPOSITORY
from previewer.domain.release.registry_address import familiar_address
from previewer.errors import EngineError, UnsupportedError

PROGRAM = "caddy"
PROGRAM_PATH = "/usr/bin/caddy"
"""Where the program is in either image."""
OFFICIAL = "caddy:2"
"""The official image. What was pulled once stays: previewer never pulls a newer one by itself."""
CHUNK = 1 << 20
_MACHINES = {62: "amd64", 183: "arm64"}
"""The numbers that programs of Linux call processors by (ELF, ``e_machine``)."""


NO_PROGRAM = "neither the router's image nor a static `caddy` for the engine's platform is at hand"
HOW_TO_GET_IT = (
    "`pip install 'previewer-environments[router]'`, or put a static `caddy` on PATH, or let `previewer router up`"
    " pull it"
)


def obtain_router_image(connection: DockerConnection, wanted: str = "", *, may_pull: bool) -> str:
    """The name of the router's image, ``wanted`` or what is at hand, made or pulled where the engine lacks it.

    Raises :class:`UnsupportedError` where it would have to be pulled, and may not.
    """
    if found := find_router_image(connection, wanted):
        return found
    if not wanted and (program := find_program(connection.platform)):
        return load_program(connection, program)
    if not may_pull:
        if wanted:
            raise UnsupportedError(
                f"the engine lacks the router's image {wanted}", hint="`previewer router up` pulls it"
            )
        raise UnsupportedError(NO_PROGRAM, hint=HOW_TO_GET_IT)
    return pull_router_image(connection, wanted or OFFICIAL)


def find_router_image(connection: DockerConnection, wanted: str = "") -> str | None:
    """The name of a router image that the engine has: ``wanted``, else one that was made, else the official one.

    With the digest that its registry gave it, if it came from one.
    """
    images = EngineImages(connection)
    made = sorted(name for image in images.list_named(ROUTER_REPOSITORY) for name in image.tags)
    return made[-1] if made and not wanted else _by_digest(images, wanted or OFFICIAL)


def _by_digest(images: EngineImages, name: str) -> str | None:
    """An image that the engine has, as its registry calls it; ``None`` where it has none of this name."""
    held = images.inspect(name)
    if held is None:
        return None
    address = familiar_address(name)
    known = (one for one in held.repository_digests if familiar_address(one).name == address.name)
    return name if address.digest else next(known, name)


def find_program(platform: str, environment: Mapping[str, str] | None = None) -> Path | None:
    """A static Caddy for ``platform`` on this machine: installed beside previewer, or on ``PATH``."""
    known = os.environ if environment is None else environment
    beside = Path(sysconfig.get_path("scripts")) / PROGRAM
    on_path = shutil.which(PROGRAM, path=known.get("PATH"))
    for place in (beside, Path(sys.executable).parent / PROGRAM, *([Path(on_path)] if on_path else [])):
        if place.is_file() and is_static_program(place, platform):
            return place
    return None


def is_static_program(path: Path, platform: str) -> bool:
    """Whether a file is a program for ``platform`` (``linux/amd64``) that needs no library of the system."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
            if head[:5] != b"\x7fELF\x02":
                return False
            machine, offset = struct.unpack_from("<H", head, 18)[0], struct.unpack_from("<Q", head, 32)[0]
            size, count = struct.unpack_from("<HH", head, 54)
            file.seek(offset)
            table = file.read(size * count)
    except (OSError, struct.error):
        return False
    kinds = {struct.unpack_from("<I", table, size * index)[0] for index in range(len(table) // max(size, 1))}
    interpreter = 3
    return interpreter not in kinds and platform.startswith(f"linux/{_MACHINES.get(machine, '?')}")


def load_program(connection: DockerConnection, program: Path) -> str:
    """Make the router's image of a static program, in the engine; its name."""
    content = program.read_bytes()
    name = f"{ROUTER_REPOSITORY}:{hashlib.sha256(content).hexdigest()[:16]}"
    archive = image_archive(content, name=name, platform=connection.platform)
    ImageArchives(connection).load(archive, subject=name, cancellation=Cancellation())
    return name


def pull_router_image(connection: DockerConnection, name: str) -> str:
    """Get an image from its registry; the digest that the registry gave is the name it is used by.

    Raises :class:`EngineError` where it is not to be had.
    """
    with translate_errors("pull the router's image", subject=name):
        said = connection.api.pull(*_parts(name))
    found = _by_digest(EngineImages(connection), name)
    if found is None:
        raise EngineError("the router's image could not be pulled", where=name, hint=str(said).strip()[-300:])
    return found


def _parts(name: str) -> tuple[str, str]:
    """A repository, and a digest or a tag."""
    repository, at, digest = name.partition("@")
    if at:
        return repository, digest
    head, colon, tag = name.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (name, "latest")


def image_archive(program: bytes, *, name: str, platform: str) -> Iterator[bytes]:
    """An archive that engines load: one layer with the program alone. The same program gives the same image."""
    layer = _tar({PROGRAM_PATH.lstrip("/"): (program, 0o755)})
    config = json.dumps(
        {
            "architecture": platform.split("/")[1],
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {"Entrypoint": [PROGRAM_PATH]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "previewer router"}],
        },
        sort_keys=True,
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    files = {config_name: (config, 0o644), "layer.tar": (layer, 0o644), "manifest.json": (manifest, 0o644)}
    whole = _tar(files)
    for start in range(0, len(whole), CHUNK):
        yield whole[start : start + CHUNK]


def _tar(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
