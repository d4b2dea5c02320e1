"""The images of a Docker engine, for the build stage."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping

from previewer.docker_api.build import ImageBuild, build_image, find_builder
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.images import EngineImage, EngineImages, registry_of
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import as_text
from previewer.domain.labels import BUILDER, INPUT_DIGEST, MANAGED_BY, MANAGED_BY_VALUE, PLATFORM, PROJECT
from previewer.domain.naming import (
    IMAGE_REPOSITORY,
    PINNED_BASE_REPOSITORY,
    image_reference,
    pinned_base_reference,
)
from previewer.errors import EngineError, FreezeError
from previewer.freeze.dockerfile import read_dockerfile
from previewer.freeze.protocol import BuildRequest, BuiltImage, PinnedImage
from previewer.freeze.tree_archive import archive_file

OURS = f"{MANAGED_BY}={MANAGED_BY_VALUE}"
_ERROR_LINE = re.compile(r"line (\d+)")


class DockerImages:
    """Finds, resolves and builds images over one connection. Safe to use from several threads."""

    def __init__(self, connection: DockerConnection) -> None:
        self._connection = connection
        self._images = EngineImages(connection)
        self._silent: set[str] = set()
        """Registries that did not answer: they are not asked again, lest every image waits for them."""
        self._guard = threading.Lock()
        self.builder = find_builder(connection)
        system = as_text(connection.version.get("Os"), "linux")
        self.platform = f"{system}/{as_text(connection.version.get('Arch'), 'amd64')}"

    def find_built(self, input_digests: Collection[str]) -> Mapping[str, BuiltImage]:
        """The images that were built from these inputs, in one call; the newest of several.

        An image counts only if it also has the name that we give: labels alone can come from anybody's Dockerfile.
        """
        found: dict[str, BuiltImage] = {}
        for image in sorted(self._images.list_labelled([OURS, INPUT_DIGEST]), key=lambda i: (i.created, i.id)):
            digest = image.labels.get(INPUT_DIGEST, "")
            if digest in input_digests and _is_named_for(image, digest):
                found[digest] = BuiltImage(image.id, image.labels.get(PLATFORM, ""), image.labels.get(BUILDER, ""))
        return found

    def missing(self, images: Collection[str]) -> frozenset[str]:
        """Those of ``images`` (config digests) that the engine does not hold."""
        return frozenset(image for image in images if self._images.inspect(image) is None)

    def pin(self, reference: str, platform: str) -> PinnedImage:
        """Resolve a reference to content.

        A reference by digest or id needs no registry if the engine has it. Any other is what the registry says,
        where that answers in time, and else what the engine has under that name. The image is pulled by digest
        where it is not there. Raises :class:`FreezeError` where nobody has it.
        """
        held = self._images.inspect(reference)
        if held is not None and ("@" in reference or reference.startswith("sha256:")):
            return self._pinned(held, reference, platform)
        digest = reference.partition("@")[2] or self._ask_registry(reference)
        if digest is not None:
            return self._pinned(self._obtain(f"{_repository(reference)}@{digest}", platform), reference, platform)
        if held is None:
            raise FreezeError(
                "no registry that answers and no image of the engine is called so",
                where=reference,
                hint=f"check the name, sign in to the registry, or load it: docker pull {reference}",
            )
        return self._pinned(held, reference, platform)

    def name_base(self, pinned: PinnedImage) -> str:
        """``name@sha256:…`` where a registry vouches for the image, else a name whose tag is the image's own id.

        BuildKit can't build from a bare id, and looks at the engine's images before it asks a registry.
        """
        if pinned.repository_digest is not None:
            return pinned.repository_digest
        reference = pinned_base_reference(pinned.image)
        self._images.tag(pinned.image, reference)
        return reference

    def build(
        self, request: BuildRequest, *, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> BuiltImage:
        """Build an image. Raises :class:`BuildError` with the failing step, its line and its last output."""
        image = build_image(
            self._connection,
            ImageBuild(
                reference=request.reference,
                dockerfile=request.dockerfile_path,
                target=request.target,
                args={"SOURCE_DATE_EPOCH": str(request.commit_time), **request.args},
                labels={**request.labels, PLATFORM: request.platform, BUILDER: self.builder},
                platform=request.platform,
                use_cache=request.use_cache,
            ),
            _with_dockerfile(request),
            builder=self.builder,
            on_line=on_line,
            locate=lambda step, message: locate_step(request.dockerfile, step, message, where=request.where),
            cancellation=cancellation,
        )
        # The classic builder says a short id.
        held = self._images.inspect(image)
        if held is None:
            raise FreezeError("the engine lost the image that it has just built", where=request.reference)
        return BuiltImage(held.id, request.platform, self.builder)

    def list_built(self, project: str) -> Mapping[str, int]:
        """The images that were built for a project: bytes by image."""
        found = self._images.list_labelled([OURS, INPUT_DIGEST, f"{PROJECT}={project}"])
        return {image.id: image.bytes for image in found}

    def remove(self, image: str) -> None:
        """Remove an image and its names. Nothing happens if it is gone or in use."""
        self._images.remove(image)

    def unname_bases(self) -> None:
        """Take the names back that bases were given by :meth:`name_base`; images that others name stay."""
        self._images.untag(PINNED_BASE_REPOSITORY)

    def _ask_registry(self, reference: str) -> str | None:
        """The digest behind a tag; ``None`` where no registry knows it or the registry is silent."""
        registry = registry_of(reference)
        if registry in self._silent:
            return None
        try:
            return self._images.registry_digest(reference)
        except TimeoutError:
            with self._guard:
                self._silent.add(registry)
            return None

    def _obtain(self, reference: str, platform: str) -> EngineImage:
        """The image behind a reference by digest, pulled if need be."""
        held = self._images.inspect(reference)
        if held is not None and _is_for(held, platform):
            return held
        try:
            self._images.pull(reference, platform)
        except EngineError as error:
            raise FreezeError(
                f"the image cannot be pulled: {error.message}", where=reference, hint="sign in: docker login"
            ) from error
        held = self._images.inspect(reference)
        if held is None:
            raise FreezeError("the engine does not have the image that it has just pulled", where=reference)
        return held

    def _pinned(self, held: EngineImage, reference: str, platform: str) -> PinnedImage:
        if not _is_for(held, platform):
            raise FreezeError(f"the image is for {held.platform}, not for {platform}", where=reference)
        own = [name for name in held.repository_digests if name.partition("@")[0] == _repository(reference)]
        return PinnedImage(held.id, held.platform, min(own) if own else None)


def locate_step(dockerfile: str, step: str, message: str, *, where: str) -> str:
    """``FILE:LINE`` of the instruction that a builder calls ``step``, else of the line that an error names."""
    wanted = _plain(step)
    for instruction in read_dockerfile(dockerfile).instructions:
        if wanted and _plain(f"{instruction.keyword} {instruction.arguments}") == wanted:
            return f"{where}:{instruction.line}"
    named = _ERROR_LINE.search(message)
    return f"{where}:{named[1]}" if named else where


def _plain(text: str) -> str:
    return " ".join(text.split())


def _with_dockerfile(request: BuildRequest) -> Iterator[bytes]:
    """The context's stream with the Dockerfile in front."""
    content = request.dockerfile.encode("utf-8", "surrogateescape")
    yield archive_file(request.dockerfile_path, content, commit_time=request.commit_time)
    yield from request.context()


def _is_named_for(image: EngineImage, digest: str) -> bool:
    tag = image_reference("any", "any", digest).rpartition(":")[2]
    return any(name.startswith(f"{IMAGE_REPOSITORY}/") and name.rpartition(":")[2] == tag for name in image.tags)


def _is_for(image: EngineImage, platform: str) -> bool:
    """Whether an image runs as ``platform``; a variant counts only where both name one."""
    has, wants = image.platform.split("/"), platform.split("/")
    return all(a == b for a, b in zip(has, wants, strict=False))


def _repository(reference: str) -> str:
    """A reference without tag and digest; a port of the registry is no tag."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
