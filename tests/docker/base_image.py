"""A tiny base image out of the machine's own static busybox: tests need neither a registry nor the network.

The image is written by hand (one layer, one config) and loaded, so the same busybox gives the same image id
everywhere; it takes about 0.15 s.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker.errors

from previewer.docker_api.connection import DockerConnection
from previewer.domain.naming import PINNED_BASE_REPOSITORY

BASE_REPOSITORY = "previewer-test/base"
BASE_REFERENCE = f"{BASE_REPOSITORY}:1"
SESSION_TAG = "session-"
BUSYBOX = Path("/bin/busybox")


@dataclass(frozen=True, slots=True)
class BaseImage:
    """The base image of the tests, loaded."""

    id: str
    """``sha256:…`` of its config."""
    reference: str = BASE_REFERENCE


def is_static_busybox() -> bool:
    """Whether the machine has a busybox that runs without libraries (the package busybox-static)."""
    if not BUSYBOX.is_file():
        return False
    listed = subprocess.run(["ldd", str(BUSYBOX)], capture_output=True, text=True, check=False)
    return "not a dynamic executable" in listed.stdout + listed.stderr


def load_base_image(connection: DockerConnection, session: str) -> BaseImage:
    """Load the image. Sessions at the same time share it: each holds it by a tag of its own."""
    image, archive = base_image_archive()
    api = connection.api
    try:
        _tags(connection)
    except docker.errors.ImageNotFound:
        # The stubs know no types of the image calls.
        list(api.load_image(archive))  # type: ignore[no-untyped-call]
    api.tag(image, BASE_REPOSITORY, tag=_session_tag(session))
    return BaseImage(image)


def unload_base_image(connection: DockerConnection, session: str) -> None:
    """Give up this session's tag; the last session removes the image."""
    api = connection.api
    api.remove_image(f"{BASE_REPOSITORY}:{_session_tag(session)}")
    with suppress(docker.errors.NotFound):
        if not any(tag.startswith(f"{BASE_REPOSITORY}:{SESSION_TAG}") for tag in _tags(connection)):
            forget_pinned_names(connection, BASE_REFERENCE)
            api.remove_image(BASE_REFERENCE)


def forget_pinned_names(connection: DockerConnection, reference: str, *, project: str = "") -> None:
    """Remove the names by which projects have built upon an image; `previewer prune` takes them back later."""
    with suppress(docker.errors.ImageNotFound):  # with the image its names are gone
        found = connection.api.inspect_image(reference)  # type: ignore[no-untyped-call]
        for tag in map(str, found["RepoTags"]):
            if tag.startswith(f"{PINNED_BASE_REPOSITORY}/{project}"):
                connection.api.remove_image(tag)


def _tags(connection: DockerConnection) -> list[str]:
    found = connection.api.inspect_image(BASE_REFERENCE)  # type: ignore[no-untyped-call]
    return [str(tag) for tag in found["RepoTags"]]


def _session_tag(session: str) -> str:
    return f"{SESSION_TAG}{session}"


def base_image_archive() -> tuple[str, bytes]:
    """The image's id and the archive that ``POST /images/load`` takes."""
    layer = _layer()
    digest = "sha256:" + hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": _architecture(),
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [digest]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "busybox"}],
        },
        sort_keys=True,
    ).encode()
    name = hashlib.sha256(config).hexdigest()
    manifest = [{"Config": f"{name}.json", "RepoTags": [BASE_REFERENCE], "Layers": ["layer.tar"]}]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        _add_file(tar, f"{name}.json", config)
        _add_file(tar, "layer.tar", layer)
        _add_file(tar, "manifest.json", json.dumps(manifest).encode())
    return f"sha256:{name}", archive.getvalue()


def _layer() -> bytes:
    applets = subprocess.run([str(BUSYBOX), "--list"], capture_output=True, text=True, check=True).stdout.split()
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for folder in ("bin", "etc", "proc", "root", "sys", "tmp", "var"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        _add_file(tar, "bin/busybox", BUSYBOX.read_bytes(), mode=0o755)
        for applet in sorted(set(applets) - {"busybox"}):
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
        _add_file(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
        _add_file(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    return content.getvalue()


def _add_file(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _architecture() -> str:
    """The machine's architecture, as Go and therefore image configs call it."""
    machine = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
