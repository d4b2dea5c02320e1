"""Repositories of registries, and what is remembered of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from previewer.domain.release.attestation import Verdict
from previewer.domain.release.registry_address import SHAPE, Push, RegistryAddress, parse_address
from previewer.domain.release.release import Release
from previewer.domain.stored import from_bytes, to_bytes
from previewer.errors import SourceError, UsageError
from previewer.ledger.protocol import RecordKind
from previewer.session.session import Session

if TYPE_CHECKING:  # what asks no registry is not to pay for one
    from previewer.docker_api.registry.repository import RegistryRepository
    from previewer.freeze.protocol import BuildCache

PUSH_FILE = "push.json"


def open_repository(address: RegistryAddress) -> RegistryRepository:
    """The repository of an address. Nothing is asked yet."""
    from previewer.docker_api.registry.connection import RegistryConnection
    from previewer.docker_api.registry.repository import RegistryRepository

    return RegistryRepository(RegistryConnection(address.registry), address.repository)


def registry_cache(session: Session) -> BuildCache | None:
    """The builds that the settings' registry has; ``None`` without such a setting.

    It is asked once and not for long: what it does not say is built.
    """
    if session.settings.registry is None:
        return None
    from previewer.docker_api.registry.connection import BRIEF, RegistryConnection
    from previewer.docker_api.registry.repository import RegistryRepository
    from previewer.freeze.registry.registry_image import RegistryBuildCache

    address = parse_address(session.settings.registry)
    connection = RegistryConnection(address.registry, patience=BRIEF)
    return RegistryBuildCache(RegistryRepository(connection, address.repository), address)


def default_address(session: Session) -> RegistryAddress:
    """The repository that the settings name. Raises :class:`UsageError` where they name none."""
    if session.settings.registry is None:
        raise UsageError(
            "no registry is named",
            hint=f"write {SHAPE}, or set `registry` in previewer.toml on the default branch",
        )
    return parse_address(session.settings.registry)


def note_push(
    session: Session,
    release: Release,
    address: RegistryAddress,
    images: Mapping[str, str],
    *,
    is_foreign: bool | None = None,
) -> None:
    """Remember that ``address``, by digest, is the release and that its repository has ``images``.

    ``is_foreign`` is whether it was pulled and never frozen here; ``None`` leaves that as it is known.
    """
    places = {image: str(address.by_digest(digest)) for image, digest in images.items()}
    foreign = _push(session, release.id).is_foreign if is_foreign is None else is_foreign
    _keep_push(session, release.id, Push(str(address), places, is_foreign=foreign))


def note_frozen(session: Session, release_id: str) -> None:
    """A release that was only pulled before was frozen here now, and came out the same."""
    pushed = _push(session, release_id)
    if pushed.is_foreign:
        _keep_push(session, release_id, replace(pushed, is_foreign=False))


def is_vouched_for(session: Session, release_id: str) -> bool:
    """Whether a trusted party vouches for the content of a release (by its full id).

    It was frozen in this repository, comes from the registry that the settings name, or has a good signature. Of
    any other it is unknown whether it is what its commit says.
    """
    pushed = _push(session, release_id)
    if not pushed.is_foreign:
        return True
    registry = session.settings.registry
    place = parse_address(pushed.release)
    if registry is not None and parse_address(registry).name == place.name:
        return True
    return session.ledger.signature(release_id).verdict is Verdict.GOOD


def pushed_images(session: Session, release_id: str) -> Mapping[str, str]:
    """``REGISTRY/REPOSITORY@sha256:…`` by image, of a release that was pushed or pulled."""
    return _push(session, release_id).images


def _keep_push(session: Session, release_id: str, push: Push) -> None:
    name = release_id.removeprefix("sha256:")
    session.ledger.store_record(RecordKind.PUSH, name, {PUSH_FILE: to_bytes(push)}, at=session.clock())


def _push(session: Session, release_id: str) -> Push:
    kept = session.ledger.read_record(RecordKind.PUSH, release_id.removeprefix("sha256:"), PUSH_FILE)
    try:
        return from_bytes(kept, Push) if kept is not None else Push()
    except ValueError as error:
        hint = "push it again, or pull it again"
        raise SourceError(
            f"what is kept of its push cannot be read: {error}", where=release_id, hint=hint
        ) from error
