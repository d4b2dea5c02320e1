"""Send a release to a registry: its images by digest, then itself as an OCI artifact."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from previewer.docker_api.registry.repository import OCI_MANIFEST, RegistryRepository
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.mounted_files import served_tree
from previewer.domain.naming import registry_release_tag
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.registry_address import Direction, TransferPlan, parse_address
from previewer.domain.release.release import Release
from previewer.freeze.parallel import reported_task
from previewer.freeze.registry.release_bundle import ReleaseBundle, encode_bundle
from previewer.ledger.protocol import RecordKind
from previewer.releases.named_release import find_release_named
from previewer.releases.obtain_images import obtain_images
from previewer.releases.push_images import PushedImage, push_images
from previewer.releases.registry_access import default_address, note_push, open_repository
from previewer.session.release_files import release_tree
from previewer.session.run import Run
from previewer.session.session import Session

STAGE = "push"


class PushResult(Struct, frozen=True):
    """Where everything is now."""

    release: Release
    reference: str
    """``REGISTRY/REPOSITORY@sha256:…`` of the release."""
    tag: str
    images: tuple[PushedImage, ...]


def plan_push(session: Session, what: str, where: str | None) -> TransferPlan:
    """What :func:`push` would send, and where to. No registry is asked."""
    release = find_release_named(session, what)
    address = parse_address(where) if where else default_address(session)
    return TransferPlan(
        Direction.PUSH, release, address if address.tag else address.tagged(registry_release_tag(release.id))
    )


def push(run: Run, what: str, where: str | None) -> PushResult:
    """Send the release that ``what`` means (a release, an environment, a revision) to ``where``.

    ``where`` is ``REGISTRY/REPOSITORY[:TAG]``, ``None`` for the settings' ``registry``. What the registry has is
    not sent again, so a push that was interrupted goes on where it ended. Raises :class:`RegistryError`, and
    :class:`NotFoundError` for an image that is nowhere.
    """
    session = run.session
    plan = plan_push(session, what, where)
    release = plan.release
    obtain_images(run, release)
    repository = open_repository(plan.address)
    images = push_images(run, release, plan.address, release.artifacts, repository=repository)
    digests = {image.artifact.image: image.reference.partition("@")[2] for image in images}
    with reported_task(run.report, f"push release {short_id(release.id)}", stage=STAGE) as end:
        digest = _push_bundle(plan, repository, _bundle(session, release, digests))
        end.detail = digest
    place = plan.address.by_digest(digest)
    note_push(session, release, place, digests)
    session.ledger.append(
        LedgerEntry(
            action="push",
            at=session.clock(),
            actor=session.source.actor,
            release=release.id,
            commit=release.commit,
            detail=str(place),
        )
    )
    return PushResult(release, str(place), str(plan.address), tuple(images))


def _bundle(session: Session, release: Release, images: Mapping[str, str]) -> ReleaseBundle:
    name = release.id.removeprefix("sha256:")
    return ReleaseBundle(
        release=release,
        installation=session.source.installation,
        files=served_tree(release_tree(session, release.commit), release.files),
        images=images,
        attestations=session.ledger.load_record(RecordKind.ATTESTATION, name) or {},
        exported=session.ledger.export_attestation(release.id),
    )


def _push_bundle(plan: TransferPlan, repository: RegistryRepository, bundle: ReleaseBundle) -> str:
    """The manifest's digest."""
    encoded = encode_bundle(bundle)
    for blob in encoded.blobs:
        repository.write_blob(blob)
    tags = dict.fromkeys((registry_release_tag(bundle.release.id), plan.address.tag or ""))
    digest = ""
    for tag in filter(None, tags):
        digest = repository.write_manifest(tag, OCI_MANIFEST, encoded.manifest)
    return digest
