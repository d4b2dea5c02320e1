"""What is said about a release goes to a ledger without its commit as it is: a signature holds there too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from previewer.domain.commit.files import FileTree
from previewer.domain.release.attestation import Verdict
from previewer.errors import SourceError
from previewer.ledger.git import GitLedger
from previewer.ledger.protocol import RecordKind
from tests.ledger.test_attestations import FILES, Signer
from tests.ledger.test_contract import NOW
from tests.ledger.test_release_files import make_store, open_ledger

NO_FILES = FileTree((), lambda _: b"")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen")
    return Signer(tmp_path, "ssh")


def pulled(signer: Signer, folder: Path) -> GitLedger:
    """A store with the release, whose user trusts whom the signer's does."""
    path = make_store(signer.repository, folder)
    for key in ("gpg.format", "gpg.ssh.allowedsignersfile"):
        signer.git("-C", str(path), "config", key, signer.git("config", key))
    ledger = open_ledger(path)
    ledger.store_release(signer.release, tree=NO_FILES)
    return ledger


def test_a_signature_holds_where_the_commit_is_not(signer: Signer, tmp_path: Path) -> None:
    signer.sign()
    exported = signer.ledger.export_attestation(signer.release.id)
    assert exported is not None
    store = pulled(signer, tmp_path / "store.git")
    store.adopt_attestation(signer.release.id, FILES, exported)
    store.adopt_attestation(signer.release.id, FILES, exported)
    assert store.signature(signer.release.id) == signer.ledger.signature(signer.release.id)
    assert store.signature(signer.release.id).verdict is Verdict.GOOD
    assert store.load_record(RecordKind.ATTESTATION, signer.release.id[7:]) == FILES
    assert store.export_attestation(signer.release.id) == exported


def test_what_was_said_of_other_files_or_another_release_is_refused(signer: Signer, tmp_path: Path) -> None:
    signer.sign()
    exported = signer.ledger.export_attestation(signer.release.id) or b""
    store = pulled(signer, tmp_path / "store.git")
    for files, commit in (
        ({**FILES, "provenance.json": b"[]"}, exported),
        (FILES, exported.replace(b"parent ", b"parent 0", 1)),
        (FILES, b""),
    ):
        with pytest.raises(SourceError, match="another one"):
            store.adopt_attestation(signer.release.id, files, commit)
    assert store.load_record(RecordKind.ATTESTATION, signer.release.id[7:]) is None


def test_what_is_here_already_stays(signer: Signer, tmp_path: Path) -> None:
    store = pulled(signer, tmp_path / "store.git")
    store.attest(signer.release.id, {"provenance.json": b"mine"}, at=NOW, sign=False)
    signer.sign()
    store.adopt_attestation(signer.release.id, FILES, signer.ledger.export_attestation(signer.release.id) or b"")
    assert store.load_record(RecordKind.ATTESTATION, signer.release.id[7:]) == {"provenance.json": b"mine"}
    assert store.signature(signer.release.id).verdict is Verdict.UNSIGNED
