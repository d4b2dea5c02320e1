"""Which images a branch may name, wherever it names them: in a definition or in a Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterator

from previewer.domain.compose.definition import Definition, ModelPath
from previewer.domain.glob import any_glob_matches
from previewer.domain.json_value import as_list, as_object, as_text
from previewer.domain.naming import OWN_REPOSITORIES
from previewer.domain.policy.rule import Request, Rule, service_path
from previewer.domain.policy.trust import Trust
from previewer.domain.release.registry_address import HUB, familiar_address
from previewer.errors import UsageError

IMAGE_CONTEXT = "docker-image://"
"""Begins the value of an additional context that is an image."""
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_HUB_NAMES = ("index.docker.io", "registry-1.docker.io", HUB)
_THIS_MACHINE = "localhost/"
"""What Podman puts before the names of images that come from no registry."""


def named_images(definition: Definition) -> Iterator[tuple[ModelPath, str]]:
    """Every image that a definition itself names and something of which is read or run, and where."""
    services = definition.services
    built = {service.image for service in services.values() if service.build is not None}
    for service in services.values():
        if service.build is None and service.image is not None and service.image not in built:
            yield service_path(service, "image"), service.image
        contexts = as_object(as_object(service.spec.get("build")).get("additional_contexts"))
        for name, value in contexts.items():
            if str(value).startswith(IMAGE_CONTEXT):
                path = service_path(service, "build", "additional_contexts", name)
                yield path, str(value).removeprefix(IMAGE_CONTEXT)
        for index, mount in enumerate(map(as_object, as_list(service.spec.get("volumes")))):
            if mount.get("type") == "image":
                yield service_path(service, "volumes", str(index), "source"), as_text(mount.get("source"))


def image_request(reference: str, trust: Trust, path: ModelPath, *, owner: str = "") -> Request | None:
    """What is refused about naming an image, unless it is granted; ``None`` where nothing is.

    ``owner`` is the project that the engine's image was built for, if it is another one. Every image that a branch
    names is judged here, before it is asked for and again when it is known what the engine has.
    """
    subjects = _subjects(reference)
    if owner:
        message = f"reads {reference}, which previewer has built for the project {owner}"
    elif _is_own(subjects[0]):
        message = f"reads {reference}, an image that previewer keeps for itself or that only the engine knows"
    elif trust.images is not None and not any(any_glob_matches(trust.images, subject) for subject in subjects):
        message = f"reads {reference}, which is not among the images of [policy]"
    else:
        return None
    return Request(path, message, subjects)


def _subjects(reference: str) -> tuple[str, ...]:
    """What patterns are held against: the name as Docker shows it, its tag ``latest`` if none; without tag and
    digest; and with the registry."""
    if _ID.fullmatch(reference):
        return (reference,)
    try:
        address = familiar_address(reference)
    except UsageError:
        return (reference,)
    registry = HUB if address.registry in _HUB_NAMES else address.registry
    name = f"{registry}/{address.repository}"
    familiar = name.removeprefix(f"{HUB}/").removeprefix("library/") if registry == HUB else name
    tag = f":{address.tag}" if address.tag else "" if address.digest else ":latest"
    suffix = f"{tag}@{address.digest}" if address.digest else tag
    return (f"{familiar}{suffix}", familiar, f"{name}{suffix}")


def _is_own(subject: str) -> bool:
    name = subject.removeprefix(_THIS_MACHINE).partition("@")[0].partition(":")[0]
    return _ID.fullmatch(subject) is not None or name.split("/")[0] in OWN_REPOSITORIES


def _find(definition: Definition, trust: Trust) -> Iterator[Request]:
    for path, reference in named_images(definition):
        if (request := image_request(reference, trust, path)) is not None:
            yield request


IMAGE_RULES = (
    Rule(
        id="image",
        forbids="images of the engine by their id, those that previewer built or keeps for itself, and, where "
        "`[policy] images` is set, all that it does not list; in `image`, in contexts and in Dockerfiles",
        why="any branch could read images of other projects on the engine, or images that you may pull",
        instead="name an image that a registry offers publicly, or build it in the definition",
        subject="the image, with or without its tag",
        find=_find,
    ),
)
