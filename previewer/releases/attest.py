"""Write down what is in a release and where it came from, beside it, and read that again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.json_value import JsonObject, as_object
from previewer.domain.progress import Noted
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.attestation import (
    BILL_FILE,
    PROVENANCE_FILE,
    Attestations,
    Signature,
    Verdict,
    bill_file,
    bill_image,
    byproducts,
    read_bill,
)
from previewer.domain.release.release import Release
from previewer.domain.units import counted
from previewer.errors import CancelledError, PolicyError, PreviewerError, SourceError
from previewer.ledger.protocol import RecordKind
from previewer.releases.attested import digests_of

if TYPE_CHECKING:
    from previewer.session.run import Run
    from previewer.session.session import Session

AGAIN = "the next `previewer freeze` of the commit tries again"


def attest(run: Run, release: Release) -> None:
    """Keep the provenance of a release and the bills of materials of its images beside it, where they are missing.

    Without the setting ``list_packages`` no bills are written. All are signed if the user's git signs. An image's
    files are read once, whatever releases and clones of this user it is in. A release is worth more than what is
    said about it: whatever fails is reported and left to the next time. Raises :class:`CancelledError` only.
    """
    _note(run, _attest_quietly(run, release))


def read_attestations(session: Session, release: Release) -> Attestations:
    """What is kept beside a release; nothing where nothing is. Raises :class:`SourceError` for broken files."""
    files = session.ledger.load_record(RecordKind.ATTESTATION, _name(release.id)) or {}
    bills = {image: _parse(content, file) for file, content in files.items() if (image := bill_image(file))}
    provenance = files.get(PROVENANCE_FILE)
    return Attestations(
        provenance=_parse(provenance, PROVENANCE_FILE) if provenance is not None else None,
        bills=bills,
        packages={image: read_bill(bill) for image, bill in bills.items()},
    )


def signature_of(session: Session, release_id: str) -> Signature:
    """Who signed a release (by its full id), and whether that is good."""
    return session.ledger.signature(release_id)


def require_signature(session: Session, release_id: str, role: Role) -> None:
    """Raise :class:`PolicyError` if environments for ``role`` run only signed releases and this one is not.

    Only a good signature counts: one whose key is not known here does not.
    """
    if role not in session.settings.require_signed:
        return
    signature = signature_of(session, release_id)
    if signature.verdict is not Verdict.GOOD:
        raise PolicyError(
            f"{role.value} runs only signed releases, and this one's signature is {signature.verdict.value}"
            if signature.verdict is not Verdict.UNSIGNED
            else f"{role.value} runs only signed releases, and this one is not signed",
            where=short_id(release_id),
            hint=signature.reason or f"sign it: previewer sign {short_id(release_id)}",
        )


def is_attested(session: Session, release: Release) -> bool:
    """Whether :func:`attest` would have nothing to do: all is there and, if this user signs, signed with a key
    that this machine trusts."""
    kept = session.ledger.read_record(RecordKind.ATTESTATION, _name(release.id), PROVENANCE_FILE)
    if kept is None:
        return False
    if session.settings.list_packages and _missing_bills(release, _parse(kept, PROVENANCE_FILE)):
        return False
    return not session.ledger.signs or session.ledger.signature(release.id).verdict is Verdict.GOOD


def _missing_bills(release: Release, provenance: JsonObject) -> frozenset[str]:
    try:
        listed = {file.name for file in byproducts(provenance)}
    except ValueError:
        listed = set()
    return frozenset(artifact.image for artifact in release.artifacts if bill_file(artifact.image) not in listed)


def _note(run: Run, entry: LedgerEntry | None) -> None:
    try:
        if entry is not None:
            run.session.ledger.append(entry)
    except SourceError as error:
        run.report(Noted(f"the attestation could not be added to the history: {error}", error.hint or ""))


def _attest_quietly(run: Run, release: Release) -> LedgerEntry | None:
    """What is to be noted of it; ``None`` where all is there already, or something failed, which is reported."""
    try:
        if not is_attested(run.session, release):
            return _attest(run, release)
    except CancelledError:
        raise
    except PreviewerError as error:
        run.report(
            Noted(f"no attestations are stored for release {short_id(release.id)}: {error}", error.hint or AGAIN)
        )
    return None


def _attest(run: Run, release: Release) -> LedgerEntry:
    from previewer.freeze.parallel import run_parallel
    from previewer.freeze.provenance import write_provenance  # brings the library that writes bills

    images = [artifact.image for artifact in release.artifacts] if run.session.settings.list_packages else []
    contents = run_parallel(
        [partial(_bill_of, run, image, _services(release, image)) for image in images],
        limit=run.session.settings.parallel_builds,
        cancellation=run.cancellation,
    )
    bills = {image: bill for image, bill in zip(images, contents, strict=True) if bill is not None}
    provenance = write_provenance(release, origin=run.session.source.origin, bills=bills)
    files = {PROVENANCE_FILE: provenance, **{bill_file(image): bill for image, bill in bills.items()}}
    return _keep(run, release, files)


def _keep(run: Run, release: Release, files: Mapping[str, bytes]) -> LedgerEntry:
    """Write the files down; their digests, for the history."""
    _write(run, release, files)
    return LedgerEntry(
        action="attest",
        at=run.session.clock(),
        actor=run.session.source.actor,
        release=release.id,
        commit=release.commit,
        detail=counted(sum(bill_image(file) is not None for file in files), "bill"),
        digests=digests_of(files),
    )


def _write(run: Run, release: Release, files: Mapping[str, bytes]) -> None:
    """Signed if the user signs; unsigned, and told so, where the key does not work."""
    session = run.session
    if session.ledger.signs:
        try:
            session.ledger.attest(release.id, files, at=session.clock(), sign=True)
            return
        except SourceError as error:
            run.report(Noted(f"release {short_id(release.id)} is not signed: {error.message}", error.hint or ""))
    session.ledger.attest(release.id, files, at=release.committed_at, sign=False)


def sign(run: Run, release: Release) -> Signature:
    """Sign a release and what is said about it as this user; signatures of others stay.

    Raises :class:`SourceError` where git cannot sign.
    """
    session = run.session
    attest(run, release)
    files = session.ledger.load_record(RecordKind.ATTESTATION, _name(release.id)) or {}
    session.ledger.attest(release.id, files, at=session.clock(), sign=True)
    return session.ledger.signature(release.id)


def _services(release: Release, image: str) -> str:
    """The services that have an image, for messages."""
    frozen = release.definitions.values()
    return ", ".join(sorted({name for f in frozen for name, a in f.artifacts.items() if a.image == image}))


def _bill_of(run: Run, image: str, services: str, cancellation: Cancellation) -> bytes | None:
    """The bill of an image: the one that is kept, else a new one; ``None`` where its files cannot be read."""
    from previewer.freeze.parallel import reported_task

    name = _name(image)
    kept = run.session.ledger.read_record(RecordKind.BILL, name, BILL_FILE)
    if kept is not None:
        return kept

    def read() -> bytes:
        with reported_task(run.report, f"list packages of {services}") as end:
            written, count = _read_image(run.session, image, cancellation)
            end.detail = counted(count, "package")
        return written

    try:
        bill = run.session.readings.bill(image, read=read)
    except CancelledError:
        raise
    except PreviewerError as error:
        run.report(Noted(f"the packages of {services} are not known: {error}", AGAIN))
        return None
    run.session.ledger.store_record(RecordKind.BILL, name, {BILL_FILE: bill}, at=run.session.clock())
    return bill


def _read_image(session: Session, image: str, cancellation: Cancellation) -> tuple[bytes, int]:
    from previewer.freeze.packages.scan import scan_image
    from previewer.freeze.provenance import write_bill

    with session.images.files_of(image) as chunks:
        packages = scan_image(chunks, check=cancellation.check)
    return write_bill(image, packages), len(packages.packages)


def _parse(content: bytes, file: str) -> JsonObject:
    try:
        return as_object(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"what is kept about a release is no JSON: {error}", where=file) from error


def _name(digest: str) -> str:
    return digest.removeprefix("sha256:")
