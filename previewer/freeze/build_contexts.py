"""``build.additional_contexts``: folders of the commit, and images that go by another name in the Dockerfile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.domain.json_value import as_object
from previewer.domain.policy.image_rules import IMAGE_CONTEXT
from previewer.domain.service import BuildSection, Service
from previewer.errors import UnsupportedError
from previewer.freeze.build_context import Entries, read_further_context
from previewer.frozen import dataclass

SERVICE = "service:"


@dataclass(frozen=True, slots=True)
class FurtherContexts:
    """What a Dockerfile may name besides its stages."""

    images: Mapping[str, str] = field(default_factory=dict)
    """References by the name that the Dockerfile has for them: pinned like any other."""
    folders: Mapping[str, Entries] = field(default_factory=dict)


def read_further_contexts(
    tree: FileTree, definition: Definition, service: Service, build: BuildSection
) -> FurtherContexts:
    """Read the key.

    Raises :class:`UnsupportedError` for another service's image and for what is not part of the commit.
    """
    images, folders = {}, {}
    for name, value in as_object(build.spec.get("additional_contexts")).items():
        location = str(definition.locate(("services", service.name, "build", "additional_contexts", name)))
        text = str(value)
        if text.startswith(IMAGE_CONTEXT):
            images[name] = text.removeprefix(IMAGE_CONTEXT)
        elif text.startswith(SERVICE):
            raise UnsupportedError(
                f"build.additional_contexts: {text} is the image of another service",
                where=location,
                hint="make both stages of one Dockerfile, and say which with build.target",
            )
        else:
            folders[name] = read_further_context(tree, text, location)
    return FurtherContexts(images, folders)
