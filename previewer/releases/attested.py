"""Whether what is said about a release is what was written down when it was frozen.

Provenance names the digests of the bills, and an entry of the history, which is a chain of hashes, names those of
the provenance and the bills: what is edited later is found, signed or not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

import msgspec

from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.attestation import PROVENANCE_FILE, bill_image, byproducts
from previewer.domain.release.release import Release
from previewer.ledger.protocol import RecordKind
from previewer.session.session import Session


class Attested(Enum):
    """What became of holding attestations against the history."""

    CHECKED = "as noted"
    UNCHECKED = "unchecked"
    """The history does not tell their digests: an earlier previewer wrote them, or another clone did."""
    ABSENT = "none"
    CHANGED = "changed"


class AttestationCheck(msgspec.Struct, frozen=True):
    """The verdict on what is said about one release."""

    verdict: Attested
    reasons: tuple[str, ...] = ()
    """What is not as it was."""


def digests_of(files: Mapping[str, bytes]) -> Mapping[str, str]:
    """SHA-256 by file, in hexadecimal digits."""
    return {file: hashlib.sha256(content).hexdigest() for file, content in sorted(files.items())}


def check_attestations(
    session: Session, release: Release, entries: Iterable[LedgerEntry] | None = None
) -> AttestationCheck:
    """Check what is kept beside a release. ``entries`` are the history, newest first, if it was read already."""
    digests = digests_of(
        session.ledger.load_record(RecordKind.ATTESTATION, release.id.removeprefix("sha256:")) or {}
    )
    history = session.ledger.entries() if entries is None else entries
    noted = [entry.digests for entry in history if entry.release == release.id and entry.digests]
    reasons = tuple(
        dict.fromkeys((*_unlike_noted(digests, noted), *_unlike_provenance(session, release, digests)))
    )
    if reasons:
        return AttestationCheck(Attested.CHANGED, reasons)
    if not noted:
        return AttestationCheck(Attested.UNCHECKED if digests else Attested.ABSENT)
    return AttestationCheck(Attested.CHECKED)


def _unlike_noted(digests: Mapping[str, str], noted: list[Mapping[str, str]]) -> Iterator[str]:
    if not noted:
        return
    for file, digest in noted[0].items():
        if digests.get(file) != digest:
            yield f"{file} is {'not what was noted' if file in digests else 'gone'}"
    yield from (f"{file} was added" for file in digests.keys() - noted[0].keys())
    # Provenance is written again when a bill that was missing is there; a bill never is.
    for earlier in noted[1:]:
        for file, digest in earlier.items():
            if bill_image(file) and noted[0].get(file) != digest:
                yield f"{file} was replaced"


def _unlike_provenance(session: Session, release: Release, digests: Mapping[str, str]) -> Iterator[str]:
    name = release.id.removeprefix("sha256:")
    content = session.ledger.read_record(RecordKind.ATTESTATION, name, PROVENANCE_FILE)
    if content is None:
        return
    try:
        named = byproducts(json.loads(content))
    except (ValueError, RecursionError):
        yield f"{PROVENANCE_FILE} is not JSON"
        return
    for file in named:
        if digests.get(file.name) != file.digest.get("sha256"):
            yield f"{file.name} is not what {PROVENANCE_FILE} names"
