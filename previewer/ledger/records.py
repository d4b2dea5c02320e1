"""Records in a repository: a few files under one name as a commit without history; attestations of releases
are signed ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.domain.naming import RECORD_REFS, RELEASE_REFS, SIGNATURE_REFS, release_ref, slug
from previewer.domain.release.attestation import UNSIGNED, Signature, Verdict
from previewer.errors import NotFoundError, SourceError
from previewer.git.command import GitCommand
from previewer.git.objects import parse_tree_object
from previewer.ledger.protocol import RecordKind
from previewer.ledger.store import GitStore, Reference


class GitRecords:
    """Writes, reads and removes records of one repository."""

    def __init__(self, store: GitStore) -> None:
        self._store = store

    def store(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep ``files`` under ``name``; the last of several writers wins."""
        reference = record_ref(kind, name)
        made = self._store.write_commit(dict(files), parents=(), at=at, message=f"{kind.value} of {name}")
        self._store.point(reference, made)

    def load(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        tree = self._store.find(f"{record_ref(kind, name)}^{{tree}}")
        if tree is None:
            return None
        ids = parse_tree_object(tree)
        contents = self._store.find_all(list(ids.values()))
        return {file: blob.content for file, blob in zip(ids, contents, strict=True) if blob is not None}

    def read(self, kind: RecordKind, name: str, file: str) -> bytes | None:
        """One file of a record, in one look; ``None`` where there is no such record or no such file in it."""
        blob = self._store.find(f"{record_ref(kind, name)}:{file}")
        return blob.content if blob is not None else None

    def names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        prefix = f"{RECORD_REFS}/{kind.value}"
        return tuple(reference.name.removeprefix(f"{prefix}/") for reference in self._store.references(prefix))

    def times(self, kind: RecordKind) -> Mapping[str, datetime]:
        """When each record of a kind was written, by its name."""
        prefix = f"{RECORD_REFS}/{kind.value}"
        return {name.removeprefix(f"{prefix}/"): at for name, at in self._store.reference_times(prefix).items()}

    def remove(self, kind: RecordKind, name: str) -> None:
        """Forget a record; another run may have done it already."""
        self._store.drop(record_ref(kind, name))


def record_ref(kind: RecordKind, name: str) -> str:
    """The reference of a record."""
    return f"{RECORD_REFS}/{kind.value}/{slug(name, length=120)}"


KIND = RecordKind.ATTESTATION


class GitAttestations:
    """Writes and checks them in one repository. They are read as records of :attr:`RecordKind.ATTESTATION`."""

    def __init__(self, command: GitCommand, store: GitStore) -> None:
        """``store`` is the user's repository: other clones may have releases and what is said about them."""
        self._command = command
        self._store = store
        self._signing = GitSigning(command)

    @property
    def signs(self) -> bool:
        """Whether the user's git is set up to sign."""
        return self._signing.is_wanted

    def store(self, release_id: str, files: Mapping[str, bytes], *, at: datetime, sign: bool) -> None:
        """Keep ``files`` beside a release; what was kept before is replaced.

        Unsigned, it is the same object in every clone. Raises :class:`NotFoundError` where there is no such
        release, :class:`SourceError` where git cannot sign.
        """
        release = self._store.read_reference(release_ref(release_id))
        if release is None:
            raise NotFoundError("there is no such release", where=release_id)
        message = f"attestations of {release_id}"
        made = self._store.write_commit(dict(files), parents=(release,), at=at, message=message)
        if sign:
            made = self._signing.sign(made, parents=(release,), message=message)
            self._keep_signed(release_id)
        self._store.point(_reference(release_id), made)

    def _keep_signed(self, release_id: str) -> None:
        """A signature that is there stays beside the new one."""
        held = self._store.read_reference(_reference(release_id))
        commit = self._store.find(held) if held else None
        if held and commit and is_signed(commit.content):
            self._store.point(_signature_reference(release_id, held), held)

    def export(self, release_id: str) -> bytes | None:
        """The commit that is kept beside a release as git spells it, with its signature; ``None`` without one."""
        held = self._store.read_reference(_reference(release_id))
        commit = self._store.find(held) if held else None
        return commit.content if commit else None

    def adopt(self, release_id: str, files: Mapping[str, bytes], commit: bytes) -> None:
        """Keep what :meth:`export` gave elsewhere: its signature holds here too. What is here already stays.

        Raises :class:`SourceError` where ``commit`` is about other files or another release.
        """
        release = self._store.read_reference(release_ref(release_id))
        tree = self._store.write_tree(files)
        if not commit.startswith(f"tree {tree}\nparent {release}\nauthor ".encode()):
            raise SourceError("what is said about the release was said about another one", where=release_id)
        self._store.swap(_reference(release_id), old=None, new=self._store.write_raw_commit(commit))

    def signature(self, release_id: str) -> Signature:
        """Who signed a release; unsigned where nothing is kept beside it."""
        names = (release_ref(release_id), _reference(release_id))
        references = {reference.name: reference for reference in self._store.references(*names)}
        release, kept = (references.get(name) for name in names)
        if kept is None:
            return UNSIGNED
        newest = self._checked(kept, release)
        if newest.verdict in (Verdict.GOOD, Verdict.UNSIGNED):
            return newest
        files = self._store.find(f"{kept.object_id}^{{tree}}")
        for other in self._store.references(_signature_reference(release_id)):
            theirs = self._store.find(f"{other.object_id}^{{tree}}")
            signature = self._checked(other, release)
            if signature.verdict is Verdict.GOOD and files and theirs and files.id == theirs.id:
                return signature
        return newest

    def _checked(self, kept: Reference, release: Reference | None) -> Signature:
        signature = self._signing.signature(kept.object_id)
        if signature.verdict is not Verdict.UNSIGNED and (release is None or kept.parents != (release.object_id,)):
            return Signature(Verdict.BAD, signature.signer, signature.key, "another release was signed")
        return signature

    def signed(self) -> frozenset[str]:
        """The ids of all releases beside which something signed is kept, whether or not the signature is good."""
        prefix = f"{RECORD_REFS}/{KIND.value}/"
        references = self._store.references(prefix.rstrip("/"))
        contents = self._store.find_all([reference.object_id for reference in references])
        return frozenset(
            f"sha256:{reference.name.removeprefix(prefix)}"
            for reference, commit in zip(references, contents, strict=True)
            if commit is not None and is_signed(commit.content)
        )

    def remove_release(self, release_id: str) -> None:
        """Forget a release and what is said about it. Nothing happens if it is gone."""
        signed = (reference.name for reference in self._store.references(_signature_reference(release_id)))
        for name in (*signed, _reference(release_id), release_ref(release_id)):
            held = self._store.read_reference(name)
            if held is not None:
                self._store.swap(name, old=held, new=None)

    def published(self, remote: str) -> frozenset[str]:
        """The ids of the releases that a remote has. Raises :class:`SourceError` where it does not answer."""
        output = self._command.run("ls-remote", "--", remote, f"{RELEASE_REFS}/*").decode("utf-8", "replace")
        names = (line.partition("\t")[2] for line in output.splitlines())
        return frozenset(f"sha256:{name.rpartition('/')[2]}" for name in names)


def _signature_reference(release_id: str, commit: str | None = None) -> str:
    """The reference of a signature kept beside the newest; without ``commit``, their common prefix."""
    folder = f"{SIGNATURE_REFS}/{release_id.removeprefix('sha256:')}"
    return f"{folder}/{commit}" if commit else folder


def _reference(release_id: str) -> str:
    return record_ref(KIND, release_id.removeprefix("sha256:"))


# Sign with what the user's git signs with (OpenPGP, SSH or X.509), and check such signatures.
#
# A release itself is the same object in every clone and so is never signed; the commit that holds
# what is said about it is, and has the release as its parent: the signature is over both.

SIGNATURE_FORMAT = "%G?%x00%GS%x00%GF%x00%GK"
"""For ``git show``, the verdict's letter, the signer, the fingerprint and the key (git-log(1), PRETTY FORMATS)."""
SIGN_HINT = "check the key: git config user.signingkey; or do without: git config commit.gpgsign false"

_VERDICTS = {
    "G": (Verdict.GOOD, ""),
    "U": (Verdict.UNKNOWN, "the signature is good, but this machine does not trust the key"),
    "X": (Verdict.UNKNOWN, "the signature has expired"),
    "Y": (Verdict.UNKNOWN, "the key has expired"),
    "E": (Verdict.UNKNOWN, "the key is not on this machine"),
    "R": (Verdict.BAD, "the key was revoked"),
    "B": (Verdict.BAD, "it is not what was signed"),
    "N": (Verdict.UNKNOWN, "git cannot check it: for SSH, set gpg.ssh.allowedSignersFile"),
}


class GitSigning:
    """Signs and checks commits of one repository."""

    def __init__(self, command: GitCommand) -> None:
        self._command = command

    @property
    def is_wanted(self) -> bool:
        """Whether the user's git signs commits by itself (``commit.gpgsign``)."""
        answer = self._command.ask("config", "--type=bool", "--get", "commit.gpgsign")
        return answer.code == 0 and answer.output.strip() == b"true"

    def sign(self, commit: str, *, parents: tuple[str, ...], message: str) -> str:
        """The id of a signed commit, by the user and of now, with the files of ``commit``.

        Raises :class:`SourceError` where git cannot sign.
        """
        lineage = [part for parent in parents for part in ("-p", parent)]
        answer = self._command.ask("commit-tree", "-S", *lineage, "-m", message, f"{commit}^{{tree}}")
        if answer.code:
            complaint = " ".join(answer.complaint.split())
            raise SourceError(f"git cannot sign: {complaint}", hint=SIGN_HINT)
        return answer.output.decode().strip()

    def signature(self, commit: str) -> Signature:
        """Who signed a commit. The user's own git and key programs decide whether that is good."""
        if not is_signed(self._command.run("cat-file", "commit", commit)):
            return UNSIGNED
        output = self._command.run(
            "show", "--no-patch", "--no-show-signature", f"--format={SIGNATURE_FORMAT}", commit
        )
        letter, signer, fingerprint, key = output.decode("utf-8", "replace").rstrip("\n").split("\0")
        verdict, reason = _VERDICTS.get(letter, (Verdict.UNKNOWN, "git does not say"))
        return Signature(verdict, signer, fingerprint or key, reason)


def is_signed(content: bytes) -> bool:
    """Whether a commit object's content bears a signature, good or not."""
    headers = content.partition(b"\n\n")[0]
    return any(line.startswith((b"gpgsig ", b"gpgsig-sha256 ")) for line in headers.split(b"\n"))
