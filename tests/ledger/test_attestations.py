"""What is said about a release is kept beside it, signed where the user's git signs, and travels with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from previewer.domain.naming import release_ref
from previewer.domain.release.attestation import Verdict
from previewer.domain.release.release import Release
from previewer.errors import NotFoundError, SourceError
from previewer.ledger.git import GitLedger
from previewer.ledger.protocol import Ledger, RecordKind
from previewer.testing.memory.ledger import MemoryLedger
from tests.ledger.test_contract import NOW, make_release
from tests.source.repository import GitRepository

FILES = {"provenance.json": b"{}", f"sbom-{'a' * 64}.json": b'{"x":1}'}
EVERYTHING = ("refs/previewer/releases/*", "refs/previewer/attestations/*")


def ledger_of(repository: GitRepository) -> GitLedger:
    return GitLedger(repository.path, installation="0123456789abcdef", actor="ada@laptop", clock=lambda: NOW)


@dataclass
class Place:
    """A ledger and a release in it."""

    ledger: Ledger
    release: Release


@pytest.fixture(params=["memory", "git"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    ledger: Ledger = MemoryLedger()
    commit = "1" * 40
    if request.param == "git":
        repository = GitRepository(tmp_path / "shop")
        commit, ledger = repository.commit({"a": "1"}), ledger_of(repository)
    release = make_release(commit)
    ledger.store_release(release)
    return Place(ledger, release)


def test_attestations_are_read_as_a_record(place: Place) -> None:
    digits = place.release.id.removeprefix("sha256:")
    assert place.ledger.read_record(RecordKind.ATTESTATION, digits, "provenance.json") is None
    place.ledger.attest(place.release.id, FILES, at=NOW, sign=False)
    assert place.ledger.load_record(RecordKind.ATTESTATION, digits) == FILES
    assert place.ledger.read_record(RecordKind.ATTESTATION, digits, "provenance.json") == b"{}"
    assert place.ledger.read_record(RecordKind.ATTESTATION, digits, "other") is None
    assert place.ledger.record_times(RecordKind.ATTESTATION) == {digits: NOW}
    assert place.ledger.signature(place.release.id).verdict is Verdict.UNSIGNED
    assert place.ledger.signed() == frozenset()
    assert place.ledger.signs is False


def test_only_a_release_that_is_there_can_be_attested(place: Place) -> None:
    with pytest.raises(NotFoundError):
        place.ledger.attest(f"sha256:{'f' * 64}", FILES, at=NOW, sign=False)
    assert place.ledger.signature(f"sha256:{'f' * 64}").verdict is Verdict.UNSIGNED


def test_a_forgotten_release_takes_what_is_said_about_it_along(place: Place) -> None:
    place.ledger.attest(place.release.id, FILES, at=NOW, sign=False)
    place.ledger.store_record(RecordKind.PUSH, place.release.id[7:], {"push.json": b"{}"}, at=NOW)
    place.ledger.remove_release(place.release.id)
    place.ledger.remove_release(place.release.id)
    assert place.ledger.releases() == ()
    assert place.ledger.record_names(RecordKind.PUSH) == ()
    assert place.ledger.record_names(RecordKind.ATTESTATION) == ()


class Signer:
    """A repository, a release, and a key of Ada's that git signs with."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.repository = GitRepository(folder / "shop")
        self.folder, self.kind = folder, kind
        self.git("config", "user.name", "Ada")
        self.git("config", "user.email", "ada@example.org")
        self.git("config", "commit.gpgsign", "true")
        self.key = self._make_ssh_key() if kind == "ssh" else self._make_gpg_key()
        self.git("config", "user.signingkey", self.key)
        self.ledger = ledger_of(self.repository)
        self.release = make_release(self.repository_commit("1"))
        self.ledger.store_release(self.release)

    def repository_commit(self, content: str) -> str:
        """A commit; this one need not be signed."""
        self.git("config", "commit.gpgsign", "false")
        made = self.repository.commit({"a": content})
        self.git("config", "commit.gpgsign", "true")
        return made

    def git(self, *arguments: str) -> str:
        """Run git in the repository."""
        return self.repository.git(*arguments)

    def sign(self, release: Release | None = None) -> None:
        """Sign a release."""
        self.ledger.attest((release or self.release).id, FILES, at=NOW, sign=True)

    def verdict(self, release: Release | None = None) -> Verdict:
        """Of the release's signature."""
        return self.ledger.signature((release or self.release).id).verdict

    def _make_ssh_key(self) -> str:
        key = self.folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(key)], check=True)
        kind, public = key.with_suffix(".pub").read_text().split()[:2]
        (self.folder / "allowed").write_text(f"ada@example.org {kind} {public}\n")
        self.git("config", "gpg.format", "ssh")
        self.git("config", "gpg.ssh.allowedSignersFile", str(self.folder / "allowed"))
        return str(key)

    def _make_gpg_key(self) -> str:
        made = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "Ada <ada@example.org>"]
        subprocess.run([*made, "ed25519", "sign", "never"], check=True, capture_output=True)
        return "ada@example.org"


@pytest.fixture(params=["ssh", "gpg"])
def signer(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Signer]:
    program = {"ssh": "ssh-keygen", "gpg": "gpg"}[request.param]
    if shutil.which(program) is None:
        pytest.skip(f"no {program}")
    home = Path(tempfile.mkdtemp(prefix="gpg-", dir="/tmp"))  # paths of sockets have to be short
    monkeypatch.setenv("GNUPGHOME", str(home))
    yield Signer(tmp_path, request.param)
    if request.param == "gpg":
        subprocess.run(["gpgconf", "--kill", "all"], check=True)
    shutil.rmtree(home, ignore_errors=True)


def test_a_signature_says_by_whom_and_covers_the_release(signer: Signer) -> None:
    assert signer.ledger.signs
    before = signer.git("rev-parse", release_ref(signer.release.id))
    signer.sign()
    found = signer.ledger.signature(signer.release.id)
    assert (found.verdict, found.reason) == (Verdict.GOOD, "")
    assert "ada@example.org" in found.signer
    assert found.key
    assert signer.ledger.signed() == {signer.release.id}
    # The release is the same object as in clones of people who do not sign.
    assert signer.git("rev-parse", release_ref(signer.release.id)) == before


def test_a_signature_of_another_release_is_bad(signer: Signer) -> None:
    other = make_release(signer.repository_commit("2"), image="b")
    signer.ledger.store_release(other)
    signer.sign(other)
    assert signer.verdict(other) is Verdict.GOOD
    theirs, ours = (f"refs/previewer/attestations/{r.id.removeprefix('sha256:')}" for r in (other, signer.release))
    signer.git("update-ref", ours, theirs)
    found = signer.ledger.signature(signer.release.id)
    assert (found.verdict, found.reason) == (Verdict.BAD, "another release was signed")


def test_what_was_changed_after_signing_is_bad(signer: Signer) -> None:
    signer.sign()
    name = f"refs/previewer/attestations/{signer.release.id.removeprefix('sha256:')}"
    content = signer.git("cat-file", "commit", name)
    forged = signer.repository.git(
        "hash-object", "-t", "commit", "-w", "--stdin", input_text=content.replace("attestations of", "lies about")
    )
    signer.git("update-ref", name, forged)
    assert signer.verdict() is Verdict.BAD


def test_an_unknown_key_is_not_called_good(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    signer.sign()
    if signer.kind == "ssh":
        (signer.folder / "allowed").write_text("")
        assert signer.verdict() is Verdict.UNKNOWN
        signer.git("config", "--unset", "gpg.ssh.allowedSignersFile")
    else:
        empty = Path(os.environ["GNUPGHOME"], "empty")
        empty.mkdir(mode=0o700)
        monkeypatch.setenv("GNUPGHOME", str(empty))
    found = signer.ledger.signature(signer.release.id)
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason


def test_a_signature_of_a_trusted_key_counts_beside_an_unknown_one(signer: Signer) -> None:
    signer.sign()
    if signer.kind == "gpg":
        return  # one key ring trusts all keys that are made in it
    allowed = signer.folder / "allowed"
    known, unknown = allowed.read_text(), signer.folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(unknown)], check=True)
    for first, second in ((unknown, signer.key), (signer.key, unknown)):
        signer.ledger.remove_release(signer.release.id)
        signer.ledger.store_release(signer.release)
        signer.git("config", "user.signingkey", str(first))
        signer.sign()
        signer.git("config", "user.signingkey", str(second))
        signer.sign()
        assert signer.verdict() is Verdict.GOOD
    allowed.write_text("")
    assert signer.verdict() is Verdict.UNKNOWN
    allowed.write_text(known)
    signer.ledger.remove_release(signer.release.id)
    assert signer.git("for-each-ref", "refs/previewer/signatures") == ""


def test_a_key_that_does_not_work_is_an_error_and_changes_nothing(signer: Signer) -> None:
    signer.git("config", "user.signingkey", "/nowhere/key" if signer.kind == "ssh" else "missing@example.org")
    with pytest.raises(SourceError, match="cannot sign") as caught:
        signer.sign()
    assert "user.signingkey" in (caught.value.hint or "")
    assert signer.verdict() is Verdict.UNSIGNED


def test_releases_travel_with_their_signatures_from_clone_to_clone(signer: Signer, tmp_path: Path) -> None:
    signer.sign()
    bare = tmp_path / "everybodys.git"
    signer.git("clone", "--quiet", "--bare", str(signer.repository.path), str(bare))
    signer.git("remote", "add", "everybody", str(bare))
    assert signer.ledger.published("everybody") == frozenset()
    signer.git("push", "--quiet", "everybody", *EVERYTHING)
    assert signer.ledger.published("everybody") == {signer.release.id}
    signer.git("clone", "--quiet", str(bare), str(tmp_path / "bob"))
    bob = GitRepository(tmp_path / "bob")
    if signer.kind == "ssh":
        bob.git("config", "gpg.ssh.allowedSignersFile", str(tmp_path / "allowed"))
    bob.git("fetch", "--quiet", "origin", *(f"{pattern}:{pattern}" for pattern in EVERYTHING))
    ledger = ledger_of(bob)
    assert ledger.load_release(signer.release.id) == signer.release
    assert ledger.signature(signer.release.id).verdict is Verdict.GOOD
    assert ledger.load_record(RecordKind.ATTESTATION, signer.release.id.removeprefix("sha256:")) == FILES
    with pytest.raises(SourceError):
        ledger.published("nowhere")
