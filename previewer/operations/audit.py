"""Hold all that the ledger says against what proves it, and write it out for an auditor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

import msgspec

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.mounted_files import digest_tree_files
from previewer.domain.json_value import JsonObject
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.attestation import Verdict
from previewer.domain.release.release import Release
from previewer.domain.units import counted, format_time
from previewer.engine.protocol import Selection
from previewer.errors import EngineError, PreviewerError
from previewer.records.environments import check_head
from previewer.releases.attested import Attested, check_attestations
from previewer.session.release_files import release_tree
from previewer.session.session import Session


class Verified(Enum):
    """What became of a check."""

    OK = "ok"
    UNCHECKED = "unchecked"
    FAILED = "failed"


class AuditCheck(msgspec.Struct, frozen=True):
    """One thing that was checked."""

    subject: str
    """``history``, ``heads``, or ``release`` and its short id."""
    verdict: Verified
    detail: str


def verify_ledger(session: Session) -> tuple[AuditCheck, ...]:
    """Check the history's chain, that it never went back, and every release with what is said about it."""
    entries = session.ledger.entries()
    releases = session.ledger.releases()
    return (*_history(session, entries), *_heads(session), *_releases(session, releases, entries))


def export_history(session: Session) -> Iterator[JsonObject]:
    """What was done, oldest first: who did what to which environment, from which commit, by which release."""
    check_head(session)
    for entry in reversed(session.ledger.entries()):
        said = entry.notes.get(entry.environment or "")
        yield {
            "at": format_time(entry.at),
            "began": format_time(entry.began) if entry.began else None,
            "actor": entry.actor,
            "action": entry.action,
            "environment": entry.environment,
            "generation": said.generation if said is not None else None,
            "release": entry.release,
            "commit": entry.commit,
            "touched": (said.tainted or None) if said is not None else None,
            "gone": format_time(entry.at) if entry.action == "down" else None,
            "detail": entry.detail,
            "attestations": dict(entry.digests) or None,
        }


def drop_releases(session: Session, releases: Sequence[str]) -> None:
    """Forget releases, readable or not, and what is said about them. Raises :class:`NotFoundError`."""
    for release in releases:
        session.ledger.drop_release(release)


def _history(session: Session, entries: Sequence[LedgerEntry]) -> Iterator[AuditCheck]:
    problems = [fault.message for fault in session.ledger.check_history()]
    for problem in problems:
        yield AuditCheck("history", Verified.FAILED, problem)
    if not problems:
        number = counted(len(entries), "entry", "entries")
        yield AuditCheck("history", Verified.OK, f"{number}, each named by the next")


def _heads(session: Session) -> Iterator[AuditCheck]:
    """Where the history once ended, as the objects that were made then say."""
    try:
        owners = session.engine.observe(Selection(session.source.installation)).owners
    except EngineError as error:
        yield AuditCheck("heads", Verified.UNCHECKED, f"the engine does not say where the history ended: {error}")
        return
    said = {(o.environment, o.generation): o.head for o in owners if o.head and session.began(o.operation)}
    lost = sorted(place for place, head in said.items() if not session.ledger.holds_head(head))
    for environment, generation in lost:
        head = short_id(said[environment, generation])
        what = f"{environment}, generation {generation}, was made after the entry {head}, which is not there"
        yield AuditCheck("heads", Verified.FAILED, what)
    if not lost:
        detail = f"{counted(len(said), 'generation')} on the engine began in this history"
        yield AuditCheck("heads", Verified.OK if said else Verified.UNCHECKED, detail)


def _releases(
    session: Session, releases: Sequence[Release], entries: Sequence[LedgerEntry]
) -> Iterator[AuditCheck]:
    for fault in session.ledger.faults:
        if "release" in fault.kind:
            yield AuditCheck("release", Verified.FAILED, fault.message)
    for release in releases:
        problems = list(_problems(session, release, entries))
        said = check_attestations(session, release, entries)
        subject = f"release {short_id(release.id)}"
        problems += said.reasons
        for problem in problems:
            yield AuditCheck(subject, Verified.FAILED, problem)
        if not problems:
            is_checked = said.verdict is Attested.CHECKED
            signed = session.ledger.signature(release.id).verdict.value
            detail = f"manifest and files as frozen, attestations {said.verdict.value}, signature {signed}"
            yield AuditCheck(subject, Verified.OK if is_checked else Verified.UNCHECKED, detail)


def _problems(session: Session, release: Release, entries: Sequence[LedgerEntry]) -> Iterator[str]:
    signature = session.ledger.signature(release.id)
    if signature.verdict is Verdict.BAD:
        yield f"its signature is bad: {signature.reason}"
    signed = any(entry.action == "sign" and entry.release == release.id for entry in entries)
    if signed and signature.verdict is Verdict.UNSIGNED:
        yield "it was signed, and its signature is gone"
    try:
        tree = release_tree(session, release.commit)
        if release.files and digest_tree_files(tree, release.files.keys()) != release.files:
            yield "the files that it serves are not as frozen"
    except PreviewerError as error:
        yield f"its files cannot be read: {error}"
