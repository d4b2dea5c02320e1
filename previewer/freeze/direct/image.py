"""An image that is a base and files of the commit, made without a builder: canonical by construction."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.images import EngineImage
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonObject
from previewer.freeze.canonical.image import ImageLoader
from previewer.freeze.canonical.image_archive import Layer, new_file, read_archive
from previewer.freeze.direct.instructions import SCRATCH_PATH, DirectImage, read_direct
from previewer.freeze.direct.layers import DirectLayers
from previewer.freeze.direct.values import NotDirectError
from previewer.freeze.docker.image_files import BaseFiles
from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.freeze.protocol import BuildRequest

DIRECT = "direct"
"""The origin of an image that no builder made."""


def plan_direct(request: BuildRequest, base: EngineImage | None) -> DirectImage | None:
    """What the request describes, if that is no more than a base and files; ``base`` is ``None`` for scratch."""
    if request.requirements.needs or request.requirements.described != type(request.requirements)().described:
        return None
    config: JsonObject = base.config if base is not None else {"Env": [SCRATCH_PATH]}
    try:
        return read_direct(
            read_dockerfile(request.dockerfile),
            base_config=config,
            args=request.args,
            target=request.target,
            labels=request.labels,
        )
    except NotDirectError:
        return None


def make_directly(
    connection: DockerConnection,
    request: BuildRequest,
    image: DirectImage,
    base: EngineImage | None,
    *,
    loader: ImageLoader,
    cancellation: Cancellation,
) -> str | None:
    """Load ``image`` under the request's name; its id. ``None`` if what the base has is in its way.

    Raises :class:`EngineError`, and what reading the context raises.
    """
    with ExitStack() as files:
        context = files.enter_context(_opened(request))
        base_files = files.enter_context(BaseFiles(connection, request.bases))
        writer = DirectLayers(context, base_files, files, cancellation)
        try:
            own = [layer for step in image.steps if (layer := writer.write(step)) is not None]
        except NotDirectError:
            return None
        below = [] if base is None else _base_layers(loader, base, files, cancellation)
        return loader.load(
            image.config,
            [*below, *own],
            base_layers=len(below),
            platform=request.platform,
            reference=request.reference,
            cancellation=cancellation,
        )


@contextmanager
def _opened(request: BuildRequest) -> Iterator[tarfile.TarFile]:
    with new_file() as file:
        for piece in request.context():
            file.write(piece)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as archive:
            yield archive


def _base_layers(
    loader: ImageLoader, base: EngineImage, files: ExitStack, cancellation: Cancellation
) -> list[Layer]:
    if loader.takes_delta:
        return [Layer(diff_id) for diff_id in base.layers]
    with closing(loader.archives.save(base.id, cancellation=cancellation)) as pieces:
        return list(read_archive(pieces, without=(), files=files).layers)
