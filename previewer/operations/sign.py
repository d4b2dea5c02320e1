"""Sign a release that is kept already."""

from __future__ import annotations

from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.attestation import Signature
from previewer.domain.release.release import Release
from previewer.releases.attest import sign
from previewer.releases.named_release import find_release_named
from previewer.session.run import Run


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
