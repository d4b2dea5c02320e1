"""Check that a release is what it says, and, if asked, that building it again gives the same images."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.mounted_files import digest_tree_files
from previewer.domain.naming import REBUILT_REPOSITORY
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.attestation import Signature, Verdict
from previewer.domain.release.image_comparison import ImageDifference, Sameness, compare_images
from previewer.domain.release.release import Artifact, Release, pins_of
from previewer.domain.units import counted
from previewer.freeze.docker.image_files import read_content
from previewer.freeze.freeze_commit import Rebuild, freeze_commit
from previewer.freeze.planned_images import permit_all
from previewer.records.masking import mask_of_release, masking
from previewer.releases.attest import sign, signature_of
from previewer.releases.attested import AttestationCheck, Attested, check_attestations
from previewer.releases.named_release import find_branch, find_release_named
from previewer.session.release_files import release_tree
from previewer.session.run import Run
from previewer.session.secrets import with_secrets
from previewer.session.session import Session


class VerifiedImage(Struct, frozen=True):
    """What was found out about one service's image."""

    definition: str
    service: str
    artifact: Artifact
    is_present: bool
    """Whether the engine holds it."""
    sameness: Sameness | None = None
    """How alike the image is that was built again; ``None`` where nothing was."""
    rebuilt: str | None = None
    """The config digest of the rebuilt image."""
    differences: tuple[ImageDifference, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether it is there, and as it is built again."""
        return self.is_present and self.sameness is not Sameness.DIFFERENT


class VerifyResult(Struct, frozen=True):
    """What was found out about a release. That its manifest matches its id is known once it is read."""

    release: Release
    signature: Signature
    images: tuple[VerifiedImage, ...]
    changed_files: tuple[str, ...]
    """Files that services read while they run and that are not what the manifest says; sorted."""

    attestations: AttestationCheck
    """Whether what is said about it is what was written down when it was frozen."""

    @property
    def is_well(self) -> bool:
        """Whether nothing is missing, and nothing is different."""
        is_signed_well = self.signature.verdict is not Verdict.BAD
        is_signed_well = is_signed_well and self.attestations.verdict is not Attested.CHANGED
        return is_signed_well and not self.changed_files and all(image.is_well for image in self.images)


def plan_verify(session: Session, text: str, *, rebuild: bool) -> tuple[str, ...]:
    """What :func:`verify` would do, a line each: it changes nothing but that it builds and removes again."""
    release = find_release_named(session, text)
    lines = [f"check release {short_id(release.id)}: {counted(len(release.artifacts), 'image')}"]
    for name, frozen in release.definitions.items():
        for service, artifact in sorted(frozen.artifacts.items()):
            if rebuild and artifact.input_digest is not None:
                lines.append(
                    f"build {service} ({name}) again, compare it with {short_id(artifact.image)}, remove it"
                )
    return tuple(lines)


def verify(run: Run, text: str, *, rebuild: bool = False) -> VerifyResult:
    """Check the release that ``text`` names.

    With ``rebuild`` every image that was built for it is built again, out of the commit, without any cache and
    upon the bases that are recorded; what that made is removed again. Raises :class:`NotFoundError`,
    :class:`SourceError` for a manifest that does not match its id, and what building raises.
    """
    session = run.session
    release = find_release_named(session, text)
    missing = session.images.missing({artifact.image for artifact in release.artifacts})
    images = tuple(
        VerifiedImage(name, service, artifact, artifact.image not in missing)
        for name, frozen in release.definitions.items()
        for service, artifact in sorted(frozen.artifacts.items())
    )
    if rebuild and any(image.artifact.input_digest for image in images):
        with masking(_with_secrets(run, release), mask_of_release(session, release)) as masked:
            images = _rebuild(masked, release, images)
    return VerifyResult(
        release,
        signature_of(session, release.id),
        images,
        _changed_files(session, release),
        check_attestations(session, release),
    )


def _changed_files(session: Session, release: Release) -> tuple[str, ...]:
    if not release.files:
        return ()
    tree = release_tree(session, release.commit)
    found = digest_tree_files(tree, release.files.keys())
    return tuple(sorted(path for path, digest in release.files.items() if found.get(path) != digest))


def _with_secrets(run: Run, release: Release) -> Run:
    """The run that knows the secrets of each role that was built for, if the commit is trusted with them."""
    branch = find_branch(run.session, release)
    built: dict[Role, list[Definition]] = {}
    for frozen in release.definitions.values():
        if any(artifact.input_digest for artifact in frozen.artifacts.values()):
            built.setdefault(frozen.definition.role, []).append(frozen.definition)
    for role, definitions in built.items():
        run = with_secrets(run, role, branch=branch, commit=release.commit, definitions=definitions)
    return run


def _rebuild(run: Run, release: Release, images: tuple[VerifiedImage, ...]) -> tuple[VerifiedImage, ...]:
    session = run.session
    repository = f"{REBUILT_REPOSITORY}/{session.new_id()}"
    resolved = session.source.resolve(release.commit)
    try:
        again = freeze_commit(
            tree=session.source.tree(release.commit),
            commit=resolved.commit,
            project=release.project,
            cache_scope=repository,  # empty caches, for this build alone
            definitions=[session.references.resolve(f.definition) for f in release.definitions.values()],
            images=session.images,
            permit=permit_all,
            use_cache=False,
            report=run.report,
            cancellation=run.cancellation,
            parallel=session.settings.parallel_builds,
            variables=session.settings.allowed_variables,
            rebuild=Rebuild(pins_of(release), repository),
        )
        return tuple(_compared(run, image, again) for image in images)
    finally:
        session.images.unname(repository)


def _compared(run: Run, image: VerifiedImage, again: Release) -> VerifiedImage:
    if image.artifact.input_digest is None:
        return image
    rebuilt = again.definitions[image.definition].artifacts[image.service].image
    if rebuilt == image.artifact.image:
        return replace(image, sameness=Sameness.IDENTICAL, rebuilt=rebuilt)
    if not image.is_present:
        return replace(image, sameness=Sameness.DIFFERENT, rebuilt=rebuilt)
    differences = compare_images(
        read_content(run.session.images, image.artifact.image, run.cancellation),
        read_content(run.session.images, rebuilt, run.cancellation),
    )
    sameness = Sameness.DIFFERENT if differences else Sameness.EQUAL
    return replace(image, sameness=sameness, rebuilt=rebuilt, differences=differences)


def sign_release(run: Run, text: str) -> tuple[Release, Signature]:
    """Add this user's signature to the release that ``text`` names, with what becomes of checking it here.

    Raises :class:`NotFoundError`, and :class:`SourceError` where git cannot sign.
    """
    session = run.session
    release = find_release_named(session, text)
    signature = sign(run, release)
    session.ledger.append(
        LedgerEntry(
            action="sign",
            at=session.clock(),
            actor=session.source.actor,
            release=release.id,
            commit=release.commit,
            detail=signature.signer or signature.verdict.value,
        )
    )
    return release, signature
