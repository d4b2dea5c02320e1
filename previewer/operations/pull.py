"""Fetch a release from a registry: with its images, its files and what is said about it, all of it checked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from previewer.definition.printing import check_normal_form
from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import SHORT_ID_LENGTH, short_id
from previewer.domain.naming import registry_release_tag
from previewer.domain.progress import Noted, Outcome
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.registry_address import SHAPE, Direction, RegistryAddress, TransferPlan
from previewer.domain.release.release import Artifact, Release
from previewer.domain.units import counted
from previewer.errors import ConflictError, DefinitionError, NotFoundError, RegistryError, SourceError, UsageError
from previewer.freeze.parallel import reported_task, run_parallel
from previewer.freeze.registry.registry_image import find_image
from previewer.freeze.registry.release_bundle import decode_bundle
from previewer.records.environments import list_environments
from previewer.releases.attested import digests_of
from previewer.releases.obtain_images import STAGE, pull_images
from previewer.releases.registry_access import default_address, is_vouched_for, note_push, open_repository
from previewer.session.open_session import find_store, make_session, store_names
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.source.git import GitSource

if TYPE_CHECKING:
    from previewer.docker_api.registry.repository import RegistryRepository
    from previewer.domain.commit.files import FileTree
    from previewer.freeze.registry.release_bundle import ReleaseBundle


UNVOUCHED_HINT = (
    "it is from another registry than the one of the settings, and has no good signature: it has no branch's trust"
)
_RELEASE_ID = re.compile(rf"(?:sha256:)?[0-9a-f]{{{SHORT_ID_LENGTH},64}}")


class FetchedRelease(Struct, frozen=True):
    """A release as a registry has it, read and checked; its images are not here yet."""

    address: RegistryAddress
    """The address by digest."""
    bundle: ReleaseBundle


class PullResult(Struct, frozen=True):
    """What is here now."""

    release: Release
    reference: str
    """``REGISTRY/REPOSITORY@sha256:…``."""
    pulled: int
    """Images that the engine did not have."""


def is_release_id(text: str) -> bool:
    """Whether ``text`` is a release's id, 12 digits of it at least: the settings' registry is meant."""
    return _RELEASE_ID.fullmatch(text) is not None


def address_of_release(session: Session, release_id: str) -> RegistryAddress:
    """Where the settings' registry has a release, by its id. Raises :class:`UsageError` without such a setting."""
    return default_address(session).tagged(release_id.removeprefix("sha256:"))


def fetch_release(address: RegistryAddress) -> FetchedRelease:
    """Read the release at ``address``: by digest, by a release's id or by another tag.

    Raises :class:`UsageError` for an address without either, :class:`NotFoundError` where nothing is there and
    :class:`RegistryError` for what is no release, or not the one that was asked for; also where no Compose file
    gives its definitions: the policy's rules know only what Compose files give.
    """
    if not (address.digest or address.tag):
        raise UsageError(
            "this does not say which release",
            where=str(address),
            hint=f"write {SHAPE}, and :RELEASE-ID or @sha256:…",
        )
    repository = open_repository(address)
    asked = address.digest or _tag(address.tag or "")
    manifest = repository.find_manifest(asked)
    if manifest is None:
        raise NotFoundError("the registry has no such release", where=str(address))
    bundle = decode_bundle(manifest, lambda digest, limit: repository.read_blob(digest, limit=limit))
    if not address.digest and is_release_id(address.tag or "") and not _is_beginning(address, bundle.release):
        raise RegistryError(
            "the registry has a different release under this id",
            where=str(address),
            hint=f"it is {bundle.release.id}",
        )
    _check_definitions(bundle.release)
    return FetchedRelease(address.by_digest(manifest.digest), bundle)


def plan_pull(fetched: FetchedRelease) -> TransferPlan:
    """What :func:`pull` would fetch."""
    return TransferPlan(Direction.PULL, fetched.bundle.release, fetched.address)


def pull(run: Run, fetched: FetchedRelease) -> PullResult:
    """Keep a fetched release, and have its images on the engine.

    Every image is checked against its config digest before it is pulled and after. Raises :class:`RegistryError`
    for another image or for files that are not the commit's, and :class:`SourceError` in a clone that does not
    have the release's commit.
    """
    session = run.session
    bundle, release = fetched.bundle, fetched.bundle.release
    artifacts = {artifact.image: artifact for artifact in release.artifacts}
    places = _places(fetched, artifacts)
    repository = open_repository(fetched.address)
    run_parallel(
        [partial(_check_image, repository, artifacts[image], place) for image, place in places.items()],
        limit=session.settings.parallel_builds,
        cancellation=run.cancellation,
    )
    _check_files(session, bundle)
    with reported_task(run.report, f"pull release {short_id(release.id)}", stage=STAGE) as end:
        known = any(release.id == known.id for known in session.ledger.releases_of(release.commit))
        session.ledger.store_release(release, tree=bundle.files)
        if bundle.exported is not None:
            session.ledger.adopt_attestation(release.id, bundle.attestations, bundle.exported)
        note_push(session, release, fetched.address, bundle.images, is_foreign=None if known else True)
        end.outcome = Outcome.CACHED if known else Outcome.DONE
    missing = session.images.missing(artifacts)
    wanted = {image: places[image] for image in missing}
    is_named = is_vouched_for(session, release.id)
    pull_images(run, artifacts, wanted, is_named=is_named)
    if not is_named:
        run.report(Noted(f"release {short_id(release.id)} is not vouched for", UNVOUCHED_HINT))
    session.ledger.append(
        LedgerEntry(
            action="pull",
            at=session.clock(),
            actor=session.source.actor,
            release=release.id,
            commit=release.commit,
            detail=f"{counted(len(missing), 'image')} from {fetched.address}",
            digests=digests_of(bundle.attestations) if bundle.exported is not None and not known else {},
        )
    )
    return PullResult(release, str(fetched.address), len(missing))


def _check_definitions(release: Release) -> None:
    for frozen in release.definitions.values():
        try:
            check_normal_form(frozen.definition)
        except DefinitionError as error:
            raise RegistryError(error.message, where=f"{short_id(release.id)}: {error.where}") from error
        if lacking := sorted(frozen.definition.services.keys() - frozen.artifacts.keys()):
            raise RegistryError(f"the release has no image for {', '.join(lacking)}", where=short_id(release.id))


def _check_files(session: Session, bundle: ReleaseBundle) -> None:
    """Refuse files that the commit, or what is known of it, has otherwise: all releases of it would get them."""
    release = bundle.release
    try:
        commit = session.source.resolve(release.commit).commit
        known: FileTree | None = session.source.tree(commit.id)
        is_same = commit.tree == release.tree
    except (NotFoundError, SourceError):
        known, is_same = session.ledger.served_files(release.commit), True
    ids = {entry.path: entry.object_id for entry in known} if known is not None else {}
    odd = sorted(entry.path for entry in bundle.files if ids.get(entry.path, entry.object_id) != entry.object_id)
    if odd or not is_same:
        raise RegistryError(
            "the release is of other files than its commit", where=odd[0] if odd else short_id(release.commit)
        )


def _tag(text: str) -> str:
    """Releases are tagged by the first digits of their id, whatever part of it is asked for."""
    return registry_release_tag(text) if is_release_id(text) else text


def _is_beginning(address: RegistryAddress, release: Release) -> bool:
    return release.id.removeprefix("sha256:").startswith(address.tag or "")


def _places(fetched: FetchedRelease, artifacts: Mapping[str, Artifact]) -> Mapping[str, str]:
    places = {image: str(fetched.address.by_digest(digest)) for image, digest in fetched.bundle.images.items()}
    if lacking := sorted(artifacts.keys() - places.keys()):
        raise RegistryError(
            "the release does not say where its images are",
            where=", ".join(artifacts[i].reference for i in lacking),
        )
    return {image: places[image] for image in sorted(artifacts)}


def _check_image(
    repository: RegistryRepository, artifact: Artifact, place: str, cancellation: Cancellation
) -> None:
    """Refuse before anything is downloaded."""
    cancellation.check()
    held = find_image(repository, place.partition("@")[2], platform=artifact.platform)
    if held is None:
        raise NotFoundError("the registry has no such image", where=place, hint="push the release again")
    if held.image != artifact.image:
        raise RegistryError(
            f"the registry has another image than the release names ({short_id(held.image)})", where=place
        )


def forget_project(name: str, *, is_forced: bool, docker_host: str | None, environment: Mapping[str, str]) -> Path:
    """Remove what is kept of a project; where that was. Its images stay on the engine.

    Raises :class:`NotFoundError` for one that was not pulled, and :class:`ConflictError` while it has
    environments: what they run could not be replaced or rolled back any more. ``is_forced`` does not ask.
    """
    store = find_store(name, environment)
    if store is None:
        known = ", ".join(store_names(environment))
        hint = f"there is {known}" if known else "none was pulled to this machine"
        raise NotFoundError("no such project was pulled", where=name, hint=hint)
    if not is_forced:
        with make_session(GitSource(store), docker_host, environment) as session:
            running = ", ".join(found.name for found in list_environments(session))
        if running:
            raise ConflictError(
                f"it has environments: {running}",
                where=name,
                hint=f"previewer down --all --project {name}; or leave them with --force",
            )
    shutil.rmtree(store)
    return store
