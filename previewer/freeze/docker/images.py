"""The images of a Docker engine, for the build stage."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.image_files import open_image_files
from previewer.docker_api.images import EngineImage, EngineImages, read_layers, registry_of
from previewer.docker_api.registry.answer import TagAnswer, read_refusal
from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import short_id
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import BUILDER, INPUT_DIGEST, MANAGED_BY, MANAGED_BY_VALUE, PLATFORM, PROJECT
from previewer.domain.naming import IMAGE_REPOSITORY, input_tag, pinned_base_reference, pinned_base_repository
from previewer.domain.release.image_comparison import Layers
from previewer.domain.release.registry_address import familiar_address, parse_address
from previewer.domain.units import runs_as
from previewer.errors import FreezeError, ImageGoneError, RegistryError
from previewer.freeze.docker.leftovers import ContentIds, drop_names, drop_old_names, sweep_leftovers
from previewer.freeze.protocol import BuildRequest, BuiltImage, PinnedImage

if TYPE_CHECKING:  # what builds nothing is not to pay for it
    from previewer.freeze.docker.builds import DockerBuilds

_HEXADECIMAL = re.compile(r"[0-9a-f]{1,63}")
OURS = f"{MANAGED_BY}={MANAGED_BY_VALUE}"


class DockerImages:
    """:class:`~previewer.freeze.protocol.Images` over one connection. Safe to use from several threads."""

    def __init__(self, connection: DockerConnection, *, builder: str | None = None) -> None:
        """``builder`` is ``classic`` to insist on that; ``None`` for the engine's best."""
        self._connection = connection
        self._images = EngineImages(connection)
        self._ids = ContentIds(connection)
        self._silent: set[str] = set()
        """Registries that did not answer: they are not asked again, lest every image waits for them."""
        self._guard = threading.Lock()
        self._has_swept = False
        """Whether what killed runs left was looked for."""
        self._builder = builder
        self._made_builds: DockerBuilds | None = None

    @property
    def platform(self) -> str:
        """The engine's own, ``linux/amd64``: what is not asked for anything else is built for it."""
        return self._connection.platform

    @property
    def builder(self) -> str:
        """``buildkit`` or ``classic``."""
        return self._builds.builder

    @property
    def _builds(self) -> DockerBuilds:
        """Made when something is to be built: most runs find all images there."""
        from previewer.freeze.docker.builds import DockerBuilds

        with self._guard:
            if self._made_builds is None:
                self._made_builds = DockerBuilds(self._connection, builder=self._builder)
            return self._made_builds

    def find_built(self, input_digests: Collection[str]) -> Mapping[str, BuiltImage]:
        """Found by their labels; of several the newest.

        An image counts only if it also has the name that we give to canonical images: labels alone can come from
        anybody's Dockerfile, and a killed run leaves what a builder made.
        """
        built: dict[str, BuiltImage] = {}
        for image in sorted(self._images.list_labelled([OURS, INPUT_DIGEST]), key=lambda i: (i.created, i.id)):
            digest = image.labels.get(INPUT_DIGEST, "")
            if digest in input_digests and _is_named_for(image, digest):
                built[digest] = BuiltImage(
                    self._ids.known(image), image.labels.get(PLATFORM, ""), image.labels.get(BUILDER, "")
                )
        return built

    def missing(self, images: Collection[str]) -> frozenset[str]:
        """Asks for each of them."""
        return frozenset(image for image in images if self._images.inspect(image) is None)

    def pin(
        self,
        reference: str,
        platform: str,
        *,
        on_line: Callable[[str], None] | None = None,
        cancellation: Cancellation | None = None,
    ) -> PinnedImage:
        """The registry's word counts where that answers in time, else the engine's.

        A reference by digest or id needs no registry if the engine has the image.
        """
        held = self._images.inspect(reference)
        if held is not None and _is_found_by_id(held, reference):
            held = None
        if held is not None and ("@" in reference or reference.startswith("sha256:")):
            return self._pinned(held, reference, platform, vouched="@" in reference)
        digest = reference.partition("@")[2]
        answer = TagAnswer(digest) if digest else self._ask_registry(reference)
        refusal = answer.refusal
        if answer.digest is not None:
            by_digest = f"{_repository(reference)}@{answer.digest}"
            try:
                obtained = self._obtain(
                    by_digest, platform, on_line or _ignore_line, cancellation or Cancellation()
                )
            except RegistryError as error:
                refusal = read_refusal(registry_of(reference), 0, error.message)
                if held is None or not refusal.reason:
                    raise FreezeError(
                        f"the image cannot be pulled: {error.message}", where=reference, hint=error.hint
                    ) from error
            else:
                return self._pinned(obtained, reference, platform, vouched=True, warning=answer.problem)
        if held is None:
            raise _not_there(reference, answer)
        copy = f"{reference}: {refusal.reason}, so the engine's own copy is used" if refusal else ""
        warning = "; ".join(filter(None, (copy, answer.problem)))
        return self._pinned(held, reference, platform, vouched=False, warning=warning)

    def name_base(self, pinned: PinnedImage, project: str) -> str:
        """``name@sha256:…`` where a registry vouches for the image, else a name whose tag is the image's own id.

        BuildKit can't build from a bare id, and looks at the engine's images before it asks a registry.
        """
        if pinned.repository_digest is not None:
            return pinned.repository_digest
        reference = pinned_base_reference(project, pinned.image)
        self._images.tag(pinned.image, reference)
        return reference

    def ensure_builder(self, request: BuildRequest) -> None:
        """Asks the engine, and looks for buildx."""
        self._builds.ensure_builder(request)

    def build(
        self, request: BuildRequest, *, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> BuiltImage:
        """Build with :class:`~previewer.freeze.docker.builds.DockerBuilds`."""
        self._sweep_once()
        return self._builds.build(request, on_line=on_line, cancellation=cancellation)

    def push(
        self,
        image: str,
        reference: str,
        platform: str,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
    ) -> None:
        """Under the name of the place where it goes; it loses that again, unless it has no other."""
        held = self._images.inspect(image)
        self._images.tag(image, reference)
        try:
            from previewer.docker_api.registry.transfer import push_image

            address = parse_address(reference)
            push_image(self._connection, address, platform, on_line=on_line, cancellation=cancellation)
        finally:
            # Taking its only name away would remove the image.
            if held is not None and {*held.tags, *held.repository_digests} - {reference}:
                self._images.remove_name(reference)

    def pull(
        self,
        image: str,
        reference: str,
        platform: str,
        *,
        name: str | None = None,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
    ) -> None:
        """The engine checks what it fetches by the manifest's digest; this does by the config digest."""
        from previewer.docker_api.registry.transfer import pull_image

        address = familiar_address(reference)
        pull_image(self._connection, address, platform, on_line=on_line, cancellation=cancellation)
        held = self._images.inspect(str(address))
        if held is None or self._ids.find(held) != image:
            raise FreezeError(
                "the registry has a different image", where=reference, hint=f"{short_id(image)} was requested"
            )
        if name is not None:
            self._images.tag(image, name)

    def list_built(self, project: str) -> Mapping[str, int]:
        """Found by their labels."""
        images = self._images.list_labelled([OURS, INPUT_DIGEST, f"{PROJECT}={project}"])
        return {self._ids.known(image): image.bytes for image in images}

    def layers_of_all(self, *, measured: Collection[str]) -> Mapping[str, Layers]:
        """One question for each image, and one more for those that are measured."""
        held = {self._ids.known(image): image.id for image in self._images.list_labelled(())}
        return {
            image: read_layers(self._connection, engine_id, measured=image in measured)
            for image, engine_id in held.items()
        }

    def named_at(self, images: Collection[str]) -> Mapping[str, datetime]:
        """An engine notes when an image is named, not when it is loaded."""
        held = ((image, self._images.inspect(image)) for image in images)
        return {image: found.named_at for image, found in held if found is not None and found.named_at is not None}

    @contextmanager
    def files_of(self, image: str) -> Iterator[Iterator[bytes]]:
        """Through a container that is never started."""
        self._sweep_once()
        with open_image_files(self._connection, image=image) as chunks:
            yield chunks

    def sweep(self) -> None:
        """Containers that read images, and names of unfinished ones, that no run can be at work with any more."""
        sweep_leftovers(self._connection, self._images)

    def _sweep_once(self) -> None:
        with self._guard:
            has_swept, self._has_swept = self._has_swept, True
        if not has_swept:
            self.sweep()

    def remove(self, image: str) -> None:
        """Remove the image by all its names; without any, by its id."""
        self._images.remove(image)

    def configuration(self, image: str) -> JsonObject:
        """What :func:`~previewer.freeze.canonical.image.kept_keys` leaves of it."""
        from previewer.freeze.canonical.image import kept_keys

        held = self._images.inspect(image)
        if held is None:
            raise ImageGoneError("the engine has no such image", where=image)
        return kept_keys(held.config)

    def unname(self, repository: str) -> None:
        """One name after the other; the last one takes the image along, unless it is in use."""
        for image in self._images.list_named(repository):
            drop_names(self._images, image.tags, starting=(f"{repository}:",))

    def unname_bases(self, project: str, *, at_once: bool = False) -> None:
        """Names are given again before each build, so the old ones are no running freeze's."""
        drop_old_names(self._images, pinned_base_repository(project), at_once=at_once)

    def _ask_registry(self, reference: str) -> TagAnswer:
        """What the registry says of a tag; one that was silent before is not asked again."""
        registry = registry_of(reference)
        if registry in self._silent:
            return TagAnswer(is_silent=True)
        from previewer.docker_api.registry.repository import ask_tag_digest

        answer = ask_tag_digest(self._connection, reference)
        if answer.is_silent:
            with self._guard:
                self._silent.add(registry)
        return answer

    def _obtain(
        self, reference: str, platform: str, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> EngineImage:
        """The image behind a reference by digest, pulled if need be. Raises :class:`RegistryError`."""
        held = self._images.inspect(reference)
        if held is not None and runs_as(held.platform, platform):
            return held
        from previewer.docker_api.registry.transfer import pull_image

        pull_image(
            self._connection,
            familiar_address(reference),
            platform,
            on_line=on_line,
            cancellation=cancellation,
        )
        held = self._images.inspect(reference)
        if held is None:
            raise FreezeError("the engine does not have the image that it has just pulled", where=reference)
        return held

    def _pinned(
        self, held: EngineImage, reference: str, platform: str, *, vouched: bool, warning: str = ""
    ) -> PinnedImage:
        """``vouched`` is whether a registry has just said so, or the reference names a digest.

        Containerd's store makes repository digests of its own for whatever it holds: they say nothing.
        """
        if not runs_as(held.platform, platform):
            raise FreezeError(f"the image is for {held.platform}, not for {platform}", where=reference)
        known = held.repository_digests if vouched or self._ids.are_engine_ids else ()
        own = [name for name in known if name.partition("@")[0] == _repository(reference)]
        is_ours = held.labels.get(MANAGED_BY) == MANAGED_BY_VALUE
        owner = held.labels.get(PROJECT, "") if is_ours else ""
        return PinnedImage(self._ids.find(held), held.platform, min(own) if own else None, owner, warning)


def _ignore_line(line: str) -> None:
    del line


def _not_there(reference: str, answer: TagAnswer) -> FreezeError:
    """The error for an image that the engine has not got and the registry does not give."""
    load = f"or load it: docker pull {reference}"
    if answer.refusal is not None:
        hint = "; ".join(filter(None, (answer.problem, answer.refusal.hint, load)))
        return FreezeError(answer.refusal.reason, where=reference, hint=hint)
    who = "the registry does not answer" if answer.is_silent else "the registry has no such image"
    hint = f"check the name, sign in to the registry, {load}"
    if answer.problem:
        hint = f"{answer.problem}; {hint}"
    return FreezeError(f"{who}, and no image of the engine is called so", where=reference, hint=hint)


def _is_found_by_id(image: EngineImage, reference: str) -> bool:
    """Whether an engine took a name such as ``cafe`` for the beginning of an image's id."""
    name = f"{reference}:latest"
    return _HEXADECIMAL.fullmatch(reference) is not None and not any(
        tag == name or tag.endswith(f"/{name}") for tag in image.tags
    )


def _is_named_for(image: EngineImage, digest: str) -> bool:
    tag = input_tag(digest)
    return any(name.startswith(f"{IMAGE_REPOSITORY}/") and name.endswith(f":{tag}") for name in image.tags)


def _repository(reference: str) -> str:
    """A reference without tag and digest; a port of the registry is no tag."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
