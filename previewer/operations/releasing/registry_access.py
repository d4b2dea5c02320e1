"""Repositories of registries, and what is remembered of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from previewer.domain.attestation import Verdict
from previewer.domain.json_value import JsonObject, as_object, as_text, canonical_json
from previewer.domain.registry_address import SHAPE, RegistryAddress, parse_address
from previewer.domain.release import Release
from previewer.errors import SourceError, UsageError
from previewer.ledger.protocol import RecordKind
from previewer.operations.session import Session

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
    from previewer.freeze.registry.build_cache import RegistryBuildCache

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
    foreign = _push(session, release.id).get("foreign") is True if is_foreign is None else is_foreign
    _keep_push(session, release.id, {"release": str(address), "images": places, "foreign": foreign})


def note_frozen(session: Session, release_id: str) -> None:
    """A release that was only pulled before was frozen here now, and came out the same."""
    pushed = _push(session, release_id)
    if pushed.get("foreign") is True:
        _keep_push(session, release_id, {**pushed, "foreign": False})


def is_vouched_for(session: Session, release_id: str) -> bool:
    """Whether somebody who is trusted answers for what is in a release (by its full id).

    It was frozen in this repository, comes from the registry that the settings name, or has a good signature. Of
    any other nobody knows whether it is what its commit says.
    """
    pushed = _push(session, release_id)
    if pushed.get("foreign") is not True:
        return True
    registry = session.settings.registry
    place = parse_address(as_text(pushed.get("release")))
    if registry is not None and parse_address(registry).name == place.name:
        return True
    return session.ledger.signature(release_id).verdict is Verdict.GOOD


def pushed_to(session: Session, release_id: str) -> str | None:
    """``REGISTRY/REPOSITORY@sha256:…`` of a release (by its full id) that was pushed or pulled; else ``None``."""
    return as_text(_push(session, release_id).get("release")) or None


def pushed_images(session: Session, release_id: str) -> Mapping[str, str]:
    """``REGISTRY/REPOSITORY@sha256:…`` by image, of a release that was pushed or pulled."""
    images = as_object(_push(session, release_id).get("images"))
    return {image: as_text(place) for image, place in images.items()}


def _keep_push(session: Session, release_id: str, push: JsonObject) -> None:
    name = release_id.removeprefix("sha256:")
    session.ledger.store_record(RecordKind.PUSH, name, {PUSH_FILE: canonical_json(push)}, at=session.clock())


def _push(session: Session, release_id: str) -> JsonObject:
    kept = session.ledger.read_record(RecordKind.PUSH, release_id.removeprefix("sha256:"), PUSH_FILE)
    try:
        return as_object(json.loads(kept or b"{}"))
    except ValueError as error:
        raise SourceError("what is kept of a push cannot be read", where=release_id) from error
