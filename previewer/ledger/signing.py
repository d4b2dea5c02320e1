"""Sign with what the user's git signs with (OpenPGP, SSH or X.509), and check such signatures.

A release itself is the same object in every clone and so is never signed; the commit that holds what is said about
it is, and has the release as its parent: the signature is over both.
"""

from __future__ import annotations

from previewer.domain.release.attestation import UNSIGNED, Signature, Verdict
from previewer.errors import SourceError
from previewer.git.command import GitCommand

SIGNATURE_FORMAT = "%G?%x00%GS%x00%GF%x00%GK"
"""For ``git show``: the verdict's letter, the signer, the fingerprint, the key (git-log(1), PRETTY FORMATS)."""
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
