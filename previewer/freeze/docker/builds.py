"""Make images on a Docker engine: directly, or by a builder and then brought into canonical form."""

from __future__ import annotations

import errno
import re
import tempfile
from collections.abc import Callable
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from previewer.docker_api.builders.build import ClassicSteps, build_image, builder_for, find_builder
from previewer.docker_api.builders.image_build import ImageBuild
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.image_files import ImageArchives
from previewer.docker_api.images import EngineImage, EngineImages
from previewer.domain.build import Builder
from previewer.domain.cancellation import Cancellation
from previewer.domain.labels import BUILDER, PLATFORM
from previewer.errors import FreezeError
from previewer.freeze.canonical.image import BuiltContent, ImageLoader, base_of, canonicalise
from previewer.freeze.direct.image import DIRECT, make_directly, plan_direct
from previewer.freeze.direct.instructions import DirectImage
from previewer.freeze.docker.image_files import BaseFiles
from previewer.freeze.docker.leftovers import ContentIds, new_building_name
from previewer.freeze.dockerfile.instructions import read_dockerfile
from previewer.freeze.dockerfile.repository_files import NAMESPACE_ARGUMENT
from previewer.freeze.protocol import BuildRequest, BuiltImage

_ERROR_LINE = re.compile(r"line (\d+)")


class _Direct(Struct, frozen=True):
    """A build that needs no builder."""

    request: BuildRequest
    image: DirectImage
    base: EngineImage | None
    """``None`` for scratch."""


class DockerBuilds:
    """Builds over one connection. Safe to use from several threads."""

    def __init__(self, connection: DockerConnection, *, builder: str | None = None) -> None:
        """``builder`` is ``classic`` to insist on that; ``None`` for the engine's best."""
        self._connection = connection
        self._images = EngineImages(connection)
        self._ids = ContentIds(connection)
        self._steps = ClassicSteps(connection)
        self.builder = builder or find_builder(connection)

    def build(
        self, request: BuildRequest, *, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> BuiltImage:
        """Have an image in canonical form: made directly where that is possible, else built and then rewritten.

        Raises :class:`BuildError` with the failing step, its line and its last output.
        """
        try:
            directly = self._make_directly(request, cancellation)
            if directly is not None:
                built = BuiltImage(directly, request.platform, DIRECT)
            else:
                built = self._build(request, on_line, cancellation)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise FreezeError(
                "there is no room for the image's layers here while they are rewritten",
                where=tempfile.gettempdir(),
                hint="free space there, or set TMPDIR to a folder that has some",
            ) from error
        # An engine notes when an image is named, but not when one is loaded: pruning leaves young ones alone.
        self._images.tag(built.image, request.reference)
        return built

    def ensure_builder(self, request: BuildRequest) -> None:
        """Raise :class:`UnsupportedError` where nothing here can build ``request``."""
        if self._plan_directly(request) is None:
            builder_for(self._connection, request.requirements, builder=self.builder)

    def _build(
        self, request: BuildRequest, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> BuiltImage:
        builder = builder_for(self._connection, request.requirements, builder=self.builder)
        name = new_building_name()
        try:
            self._run_builder(request, name, builder, on_line=on_line, cancellation=cancellation)
            return BuiltImage(self._canonical(request, name, cancellation), request.platform, builder.kind)
        finally:
            self._images.remove_name(name)

    def _plan_directly(self, request: BuildRequest) -> _Direct | None:
        held = [self._images.inspect(base) for base in request.bases]
        if len(held) > 1 or None in held:
            return None
        base = held[0] if held else None
        labelled = replace(request, labels={**request.labels, PLATFORM: request.platform, BUILDER: DIRECT})
        image = plan_direct(labelled, base)
        return _Direct(labelled, image, base) if image is not None else None

    def _make_directly(self, request: BuildRequest, cancellation: Cancellation) -> str | None:
        direct = self._plan_directly(request)
        if direct is None:
            return None
        return make_directly(
            self._connection,
            direct.request,
            direct.image,
            direct.base,
            loader=self._loader,
            cancellation=cancellation,
        )

    def _canonical(self, request: BuildRequest, name: str, cancellation: Cancellation) -> str:
        held = self._images.inspect(name)
        if held is None:
            raise FreezeError("the engine lost the image that it has just built", where=request.reference)
        inspected = {image: self._images.inspect(image) for image in request.bases}
        bases = {image: base.layers for image, base in inspected.items() if base is not None}
        base = base_of(held.layers, bases)
        built = BuiltContent(name, request.platform, held.layers, bases[base] if base is not None else ())
        with BaseFiles(self._connection, [base] if base is not None else []) as files:
            return canonicalise(
                self._loader, built, files.folder, reference=request.reference, cancellation=cancellation
            )

    @cached_property
    def _loader(self) -> ImageLoader:
        takes_delta = self._ids.are_engine_ids and not self._connection.is_podman
        return ImageLoader(ImageArchives(self._connection), takes_delta)

    def _run_builder(
        self,
        request: BuildRequest,
        name: str,
        builder: Builder,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
    ) -> None:
        build_image(
            self._connection,
            ImageBuild(
                reference=name,
                dockerfile=request.dockerfile.encode("utf-8", "surrogateescape"),
                dockerfile_path=request.dockerfile_path,
                open_context=request.context,
                target=request.target,
                args={
                    "SOURCE_DATE_EPOCH": str(request.commit_time),
                    **request.args,
                    **({NAMESPACE_ARGUMENT: request.cache_scope} if request.cache_scope else {}),
                },
                labels={**request.labels, PLATFORM: request.platform, BUILDER: builder.kind},
                platform=request.platform,
                use_cache=request.use_cache,
                requirements=request.requirements,
            ),
            builder=builder,
            steps=self._steps,
            on_line=on_line,
            locate=lambda step, message: locate_step(request.dockerfile, step, message, where=request.where),
            cancellation=cancellation,
        )


def locate_step(dockerfile: str, step: str, message: str, *, where: str) -> str:
    """``FILE:LINE`` of the instruction that a builder calls ``step``, else of the line that an error names."""
    text = _plain(step)
    for instruction in read_dockerfile(dockerfile).instructions:
        if text and _plain(f"{instruction.keyword} {instruction.arguments}") == text:
            return f"{where}:{instruction.line}"
    named = _ERROR_LINE.search(message)
    return f"{where}:{named[1]}" if named else where


def _plain(text: str) -> str:
    return " ".join(text.split())
