"""Every name that previewer gives: of environments, networks, volumes, containers, images and references.

An environment's name is a DNS label (RFC 1123): at most 63 lower-case letters, digits and ``-``. A short
hash of the original text is appended only where sanitising or truncating changed it, so that
``feature/a`` and ``feature-a`` never collide and ``feature-a`` stays readable.
"""

from __future__ import annotations

import hashlib
import re

from previewer.domain.commit.revision import short_id

LABEL_LENGTH = 63
"""The longest DNS label, RFC 1035 §2.3.4."""
HASH_LENGTH = 6
IMAGE_REPOSITORY = "previewer"
"""Images that previewer builds are called ``previewer/PROJECT/SERVICE``."""
RESERVED_NAMES = "previewer-"
"""What the keys of a definition do not begin with: those of networks and volumes that previewer adds do."""
SENT_DOCKERFILE = ".previewer.dockerfile"
"""Builders are sent the pinned Dockerfile under this name: the one in the context stays as it was written."""
PINNED_BASE_REPOSITORY = "previewer-base"
"""A base image that no registry knows is given a name below this, and its own id as the tag, to build from."""
DIGEST_REPOSITORY = "previewer-image"
"""On engines that call images by something else than their config digest, the digest is a tag of this name."""
BUILDING_REPOSITORY = "previewer-building"
"""What a build leaves has a name of its own here until it is in canonical form."""
REBUILT_REPOSITORY = "previewer-rebuilt"
"""What a release is built again under, to be compared with it."""
ROUTER_REPOSITORY = "previewer-router"
"""The image of the router, where it was made of a program of this machine."""
OWN_REPOSITORIES = frozenset(
    {
        IMAGE_REPOSITORY,
        PINNED_BASE_REPOSITORY,
        DIGEST_REPOSITORY,
        BUILDING_REPOSITORY,
        REBUILT_REPOSITORY,
        ROUTER_REPOSITORY,
    }
)
"""First parts of the names of images that only previewer itself refers to."""
RELEASE_REFS = "refs/previewer/releases"
LEDGER_REFS = "refs/previewer/ledger"
LEDGER_BEFORE_REFS = "refs/previewer/ledger-before"
"""Below these, each history's newest entry but one: where the newest one is broken, that counts."""
LOCK_REFS = "refs/previewer/locks"
RECORD_REFS = "refs/previewer"
"""Above those of records: each kind has a folder of its own."""
ATTESTATION_REFS = f"{RECORD_REFS}/attestations"
SIGNATURE_REFS = f"{RECORD_REFS}/signatures"
"""Further signatures of what is said about releases."""
PRIVATE_FOLDER = "previewer"
"""A folder in git's own: the repository that holds what no other clone needs."""

_NOT_IN_LABEL = re.compile(r"[^a-z0-9]+")


def slug(text: str, *, length: int = LABEL_LENGTH) -> str:
    """``text`` as a DNS label of at most ``length`` characters; a hash is appended where that changed it."""
    plain = _NOT_IN_LABEL.sub("-", text.lower()).strip("-")
    if plain == text and len(plain) <= length and plain:
        return plain
    suffix = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:HASH_LENGTH]
    kept = plain[: length - HASH_LENGTH - 1].rstrip("-")
    return f"{kept}-{suffix}" if kept else suffix


def project_name(text: str) -> str:
    """A project's name from its folder's: a slug short enough to leave room for a branch's."""
    return slug(text, length=24)


def environment_name(project: str, subject: str) -> str:
    """The name of the environment of a branch (or tag, or short commit id) of ``project``."""
    part = slug(subject, length=LABEL_LENGTH - len(project) - 1)
    return f"{project}-{part}"


def scope(environment: str, generation: int) -> str:
    """The prefix of everything that belongs to one generation; also its Compose project name."""
    return f"{environment}-g{generation}"


def container_name(environment: str, generation: int, service: str, number: int) -> str:
    """The name of a service's n-th container (from 1)."""
    return f"{scope(environment, generation)}-{service}-{number}"


def network_name(environment: str, generation: int, key: str) -> str:
    """The name of the network that the definition calls ``key``."""
    return f"{scope(environment, generation)}_{key}"


def handover_network_name(environment: str, generation: int) -> str:
    """The network that published ports are taken over with: its name sorts before the generation's others."""
    return f"{scope(environment, generation)}-edge"


def volume_name(environment: str, generation: int, key: str) -> str:
    """The name of the volume that the definition calls ``key``."""
    return f"{scope(environment, generation)}_{key}"


def snapshot_name(project: str, snapshot_id: str) -> str:
    """The name of the volume that marks a snapshot as complete."""
    return f"{project}-data-{snapshot_id.removeprefix('sha256:')[:20]}"


def image_reference(project: str, service: str, input_digest: str) -> str:
    """The name of a built image: repository by project and service, tag by input digest."""
    repository = f"{IMAGE_REPOSITORY}/{slug(project)}/{slug(service)}"
    return f"{repository}:{input_tag(input_digest)}"


def input_tag(input_digest: str) -> str:
    """The tag of an image that was built from these inputs, whatever it was built for."""
    return input_digest.removeprefix("sha256:")[:32]


def pinned_base_repository(project: str) -> str:
    """The repository of the names of a project's bases."""
    return f"{PINNED_BASE_REPOSITORY}/{slug(project)}"


def pinned_base_reference(project: str, image_id: str) -> str:
    """The name under which a project builds upon an image without a registry digest: its tag is its own id."""
    return f"{pinned_base_repository(project)}:{image_id.removeprefix('sha256:')}"


def registry_image_tag(image: str) -> str:
    """The tag that keeps a pushed image in a registry: by its config digest."""
    return f"image-{image.removeprefix('sha256:')[:32]}"


def registry_input_tag(input_digest: str) -> str:
    """The tag by which a registry finds a built image from what it was built from."""
    return f"input-{input_digest.removeprefix('sha256:')}"


def registry_release_tag(release_id: str) -> str:
    """The tag of a pushed release: as many of its id's digits as are shown."""
    return short_id(release_id)


def digest_reference(image: str) -> str:
    """The name that says an image's config digest."""
    return f"{DIGEST_REPOSITORY}:{image.removeprefix('sha256:')}"


def named_digest(reference: str) -> str | None:
    """The config digest in what :func:`digest_reference` made; ``None`` for any other reference."""
    repository, _, tag = reference.removeprefix("docker.io/library/").partition(":")
    return f"sha256:{tag}" if repository == DIGEST_REPOSITORY else None


def release_ref(release_id: str) -> str:
    """The git reference that keeps a release."""
    return f"{RELEASE_REFS}/{release_id.removeprefix('sha256:')}"


def is_shared_ref(name: str) -> bool:
    """Whether a reference of ours is for other clones too: a release, or what is said about one."""
    return name.startswith((f"{RELEASE_REFS}/", f"{ATTESTATION_REFS}/", f"{SIGNATURE_REFS}/"))


def variable_suffix(service: str) -> str:
    """A service's name as part of an environment variable: ``my-api`` becomes ``MY_API``."""
    return re.sub(r"[^A-Z0-9]+", "_", service.upper()).strip("_")
