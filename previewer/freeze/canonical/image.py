"""Bring a built image into canonical form: equal content has one id, independent of where and when it was built.

Only the layers above the base are rewritten. The base keeps its own, and an engine that takes an archive without
the layers that it has is not sent them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from previewer.docker_api.image_files import ImageArchives
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonObject, JsonValue, as_object, canonical_json, digest_of
from previewer.domain.labels import IMAGE_LABELS, is_reserved
from previewer.domain.naming import digest_reference
from previewer.domain.units import format_time
from previewer.errors import FreezeError
from previewer.freeze.canonical.image_archive import Layer, new_file, read_archive, uncompressed, write_archive
from previewer.freeze.canonical.layer import CANONICAL_TIME, rewrite_layer
from previewer.freeze.canonical.lower_layers import Folder, LowerLayers

# An image's configuration in canonical form: what a container runs with, and nothing of who built
# it or when.
#
# After the OCI Image Specification, "Image Configuration", and its Docker extensions.

KEPT = (
    "User",
    "ExposedPorts",
    "Env",
    "Entrypoint",
    "Cmd",
    "Volumes",
    "WorkingDir",
    "Labels",
    "StopSignal",
    "Healthcheck",
    "Shell",
    "OnBuild",
)
"""What a container runs with. Builders add a hostname, the image that a step stood on, and more."""
ROOT = "/"
USUAL = (("arm64", "v8"), ("amd64", "v1"))
"""Variants that some builders name and others take for granted."""


def canonical_config(
    config: JsonObject, *, platform: str, diff_ids: Sequence[str], base_layers: int
) -> tuple[str, bytes]:
    """The configuration's digest, which is the image's id, and its bytes.

    ``config`` is the part about containers, ``base_layers`` how many of ``diff_ids`` are the base's. The history
    says no more than that: builders word it differently.
    """
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    timestamp = format_time(datetime.fromtimestamp(CANONICAL_TIME, UTC))
    history: list[JsonValue] = [
        {"created": timestamp, "created_by": "base image" if position < base_layers else "previewer freeze"}
        for position in range(len(diff_ids))
    ]
    document: dict[str, JsonValue] = {
        "architecture": architecture,
        "config": kept_keys(config),
        "created": timestamp,
        "history": history,
        "os": system,
        "rootfs": {"diff_ids": list(diff_ids), "type": "layers"},
    }
    if variant and (architecture, variant) not in USUAL:
        document["variant"] = variant
    return digest_of(document), canonical_json(document)


def kept_keys(config: JsonObject) -> JsonObject:
    """What of a configuration is about containers.

    Absent and empty mean the same; so do the root and no working directory. Reserved labels that a Dockerfile or a
    base sets are dropped; previewer's own were given to the build, which let them win.
    """
    labels = as_object(config.get("Labels"))
    mine = {key: value for key, value in labels.items() if key in IMAGE_LABELS or not is_reserved(key)}
    kept = {key: value for key in KEPT if (value := {**config, "Labels": mine}.get(key))}
    if kept.get("WorkingDir") == ROOT:
        del kept["WorkingDir"]
    return kept


class BuiltContent(Struct, frozen=True):
    """An image as a builder left it."""

    image: str
    """The engine's name or id for it."""
    platform: str
    diff_ids: tuple[str, ...]
    base: tuple[str, ...]
    """The diff ids of its base: the first of its own."""


def base_of(diff_ids: Sequence[str], bases: Mapping[str, Sequence[str]]) -> str | None:
    """The base that an image stands on: of ``bases`` (their layers by name) the one with most of its layers.

    ``None`` if its layers begin with none of theirs: it stands on nothing.
    """
    standing = [name for name, base in bases.items() if base and tuple(diff_ids[: len(base)]) == tuple(base)]
    return max(standing, key=lambda name: len(bases[name]), default=None)


def canonicalise(
    loader: ImageLoader,
    built: BuiltContent,
    look: Callable[[str], Folder | None],
    *,
    reference: str,
    cancellation: Cancellation,
) -> str:
    """Load the canonical form of ``built`` as ``reference``; its id, the digest of its configuration.

    ``look`` says which folder the base has at a path. Raises :class:`EngineError`, and :class:`FreezeError` for an
    archive that makes no sense.
    """
    count = len(built.base)
    # A layer of ours may equal one of the base's (an empty one, say): its content is wanted.
    unwanted = set(built.base).difference(built.diff_ids[count:]) if loader.takes_delta else set()
    with ExitStack() as files:
        with closing(loader.archives.save(built.image, cancellation=cancellation)) as pieces:
            saved = read_archive(pieces, without=unwanted, files=files)
        base = [replace(layer, content=None) if loader.takes_delta else layer for layer in saved.layers[:count]]
        return loader.load(
            as_object(saved.config.get("config")),
            [*base, *_rewritten(saved.layers[count:], LowerLayers(look), files, cancellation)],
            base_layers=count,
            platform=built.platform,
            reference=reference,
            cancellation=cancellation,
        )


def _rewritten(
    layers: Sequence[Layer], lower: LowerLayers, files: ExitStack, cancellation: Cancellation
) -> Iterator[Layer]:
    for layer in layers:
        if layer.content is None:
            raise FreezeError("the engine's archive of the image lacks a layer", where=layer.diff_id)
        target = files.enter_context(new_file())
        try:
            tar = uncompressed(layer.content, files)
            diff_id = rewrite_layer(tar, target, lower=lower, cancellation=cancellation)
        except ValueError as error:
            raise FreezeError(f"a layer of the image cannot be read: {error}", where=layer.diff_id) from error
        yield Layer(diff_id, target)


class ImageLoader(Struct, frozen=True):
    """One engine, and how it takes images."""

    archives: ImageArchives
    takes_delta: bool
    """Whether it loads an image without the layers that it has. One that does calls images by their config digest;
    where it does not, a name says that."""

    def load(
        self,
        config: JsonObject,
        layers: Sequence[Layer],
        *,
        base_layers: int,
        platform: str,
        reference: str,
        cancellation: Cancellation,
    ) -> str:
        """Put an image together of canonical layers upon its base's, and into the engine as ``reference``; its id.

        ``base_layers`` is how many of ``layers`` are the base's. Raises :class:`EngineError`.
        """
        digest, document = canonical_config(
            config, platform=platform, diff_ids=[layer.diff_id for layer in layers], base_layers=base_layers
        )
        names = [reference] if self.takes_delta else [reference, digest_reference(digest)]
        archive = write_archive(digest, document, layers, names=names)
        self.archives.load(archive, subject=reference, cancellation=cancellation)
        return digest
