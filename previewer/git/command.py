"""Run git's plumbing in one repository, whatever the environment says: the only importer of GitPython.

GitPython's object model is slow (one process or more per branch), its command wrapper is not, so only the
wrapper is used, and only for output that is read piece by piece: it ends git when the reader stops early.
Importing it takes as long as git takes to list thousands of branches, so all other questions do without.

Every command is shielded: no hooks, no optional locks, no replaced objects, no prompts, and none of the variables
(``GIT_DIR``, …) that git sets inside its hooks and that would lead to another repository. Nor does an interruption
of ours (Ctrl-C reaches every process of the terminal's group) end git in the middle: we decide what is done then.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from previewer.domain.cancellation import Cancellation
from previewer.errors import SourceError
from previewer.git.complaint import (
    MINIMUM_VERSION,
    first_cause,
    full_disk_hint,
    is_forbidden,
    refuse_unusable,
    writing_hint,
)

if TYPE_CHECKING:
    from git.cmd import Git


REDIRECTING_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_CONFIG",
    "GIT_INTERNAL_SUPER_PREFIX",
)
"""Set by git for its hooks and aliases (``git rev-parse --local-env-vars``); they win over ``-C``."""

_SHIELD = (
    "--no-optional-locks",
    "--no-replace-objects",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.logAllRefUpdates=false",
    "-c",
    "core.warnAmbiguousRefs=false",
    "-c",
    "i18n.logOutputEncoding=UTF-8",
)
_TALKING = frozenset({"fetch", "push", "ls-remote"})
"""They may ask for a passphrase, and so stay in the terminal's own session."""
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "LANGUAGE": "C", "LC_ALL": "C"}


class GitAnswer(Struct, frozen=True):
    """What a git command said."""

    code: int
    output: bytes
    complaint: str
    """Its standard error, without blank ends."""

    @property
    def text(self) -> str:
        """The output; bytes that are not UTF-8 as surrogate escapes, so that names can be handed back to git."""
        return self.output.decode("utf-8", "surrogateescape")

    @property
    def reason(self) -> str:
        """Why it failed, in git's own words: the first line that is no warning."""
        return first_cause(self.complaint) or f"exit code {self.code}"


class GitCommand:
    """Runs git in the repository that ``path`` is in. Safe to use from several threads."""

    def __init__(self, path: str, *options: str) -> None:
        """``path`` is a folder: of a working tree, below one, or a bare repository. ``options`` are git's own."""
        self.path = path
        self._options = options or _naming_options(path)

    def start(self, *arguments: str) -> Git.AutoInterrupt:
        """Start git, to read its output piece by piece; it ends when the reader does.

        Raises :class:`SourceError` where git is not installed.
        """
        # Without this, importing GitPython fails where git is not installed; we report that ourselves.
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        from git.cmd import Git
        from git.exc import GitCommandNotFound

        command = [*_without_redirection(), *self.command_line(arguments)]
        try:
            return Git().execute(
                command,
                istream=subprocess.PIPE,
                as_process=True,
                env=_ENVIRONMENT,
                start_new_session=_is_apart(arguments),
            )
        except GitCommandNotFound as error:
            raise _not_installed() from error

    def ask(self, *arguments: str, input_bytes: bytes = b"") -> GitAnswer:
        """Run git to its end, whatever its exit code.

        Raises :class:`SourceError` for no usable repository, and where git is not installed.
        """
        try:
            done = subprocess.run(
                self.command_line(arguments),
                input=input_bytes,
                capture_output=True,
                env=_environment(),
                start_new_session=_is_apart(arguments),
                check=False,
            )
        except FileNotFoundError as error:
            raise _not_installed() from error
        answer = GitAnswer(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip())
        if answer.code:
            refuse_unusable(answer.complaint, self.path)
        return answer

    def lines(self, *arguments: str) -> Iterator[bytes]:
        """The output of a git command line by line, while git still writes it.

        Raises :class:`SourceError` where git is not installed, and after the last line if the command failed.
        """
        import tempfile  # what asks for no list is not to pay for it

        with tempfile.TemporaryFile() as complaints:  # an unread pipe could fill up and stop git
            process = self._begin(
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints.fileno()
            )
            with process:
                yield from process.stdout or ()
            complaints.seek(0)
            complaint = complaints.read().decode("utf-8", "replace").strip()
        answer = GitAnswer(process.returncode, b"", complaint)
        if answer.code:
            refuse_unusable(answer.complaint, self.path)
        self._refuse_failed(arguments, answer)

    def open(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start git without input and with discarded output; its standard error is a pipe.

        Raises :class:`SourceError` where git is not installed.
        """
        return self._begin(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def converse(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Begin git with pipes at all ends, to be asked one thing after the other.

        Raises :class:`SourceError` where git is not installed.
        """
        return self._begin(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def command_line(self, arguments: tuple[str, ...]) -> list[str]:
        """The whole command for git's ``arguments``."""
        return ["git", "-C", self.path, *_SHIELD, *self._options, *arguments]

    def run(self, *arguments: str, input_bytes: bytes = b"") -> bytes:
        """The output of a git command. Raises :class:`SourceError` if it fails."""
        return self._run(arguments, input_bytes).output

    def text(self, *arguments: str) -> str:
        """The output of a git command as :attr:`GitAnswer.text`. Raises :class:`SourceError` if it fails."""
        return self._run(arguments, b"").text

    def _begin(
        self, arguments: tuple[str, ...], *, stdin: int, stdout: int, stderr: int
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self.command_line(arguments),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=_environment(),
                start_new_session=_is_apart(arguments),
            )
        except FileNotFoundError as error:
            raise _not_installed() from error

    def _run(self, arguments: tuple[str, ...], input_bytes: bytes) -> GitAnswer:
        answer = self.ask(*arguments, input_bytes=input_bytes)
        self._refuse_failed(arguments, answer)
        return answer

    def _refuse_failed(self, arguments: tuple[str, ...], answer: GitAnswer) -> None:
        if answer.code:
            raise SourceError(
                f"git {arguments[0]} failed: {answer.reason}",
                where=self.path,
                hint=self.writing_hint_for(answer.complaint),
            )

    def writing_hint_for(self, complaint: str) -> str | None:
        """What helps where git could not write here, room or the right owner; ``None`` for other complaints."""
        if not is_forbidden(complaint):
            return full_disk_hint(complaint)
        folder = subprocess.run(
            self.command_line(("rev-parse", "--git-common-dir")), capture_output=True, text=True, check=False
        )
        return writing_hint(complaint, Path(self.path, folder.stdout.strip()).resolve())


def _naming_options(path: str) -> tuple[str, ...]:
    """What tells git that a bare repository is meant: by itself it finds none where users forbid that.

    That is git's ``safe.bareRepository=explicit``. The folder that a user stands in was not named by anyone.
    """
    folder = Path(path)
    is_named = path != "." and folder.name != ".git"
    is_bare = is_named and all((folder / part).exists() for part in ("HEAD", "objects", "refs"))
    return ("--git-dir=.",) if is_bare else ()


def git_version() -> tuple[int, ...]:
    """The installed git's. Raises :class:`SourceError` where there is none."""
    try:
        output = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError as error:
        raise _not_installed() from error
    match = re.search(r"\d+(?:\.\d+)+", output)
    return tuple(map(int, match[0].split("."))) if match else ()


def version_text(version: tuple[int, ...]) -> str:
    """A version with dots."""
    return ".".join(map(str, version))


def _is_apart(arguments: tuple[str, ...]) -> bool:
    """Whether git gets a session of its own, which signals to the terminal's processes do not reach."""
    return _TALKING.isdisjoint(arguments)


def _environment() -> dict[str, str]:
    """The process's own, shielded."""
    inherited = {name: value for name, value in os.environ.items() if name not in REDIRECTING_VARIABLES}
    return {**inherited, **_ENVIRONMENT}


def _not_installed() -> SourceError:
    return SourceError("git is not installed", hint=f"install git {version_text(MINIMUM_VERSION)} or newer")


def _without_redirection() -> list[str]:
    """A prefix that takes variables out of git's environment, which GitPython can only add to."""
    names = [name for name in REDIRECTING_VARIABLES if name in os.environ]
    return ["env", *(part for name in names for part in ("-u", name))] if names else []


LONGEST = 900.0
"""Seconds that the other machine has; the first fetch of a large repository takes its time."""
_LAST_WORDS = 1.0
"""Seconds that are waited for complaints of a git that has ended: what it has started may still hold its pipe."""


def run_network_command(
    command: GitCommand, *arguments: str, cancellation: Cancellation, seconds: float = LONGEST
) -> GitAnswer:
    """Run git to its end, whatever its exit code; its output is not kept.

    Raises :class:`CancelledError` as soon as ``cancellation`` is requested, and :class:`SourceError` after
    ``seconds``. Git is ended then; a transport of its own that hangs notices when its connection ends.
    """
    process = command.open(*arguments)
    complaints: list[bytes] = []
    reader = threading.Thread(target=_read, args=(process, complaints), name="previewer-git", daemon=True)
    reader.start()
    forget = cancellation.on_request(process.terminate)
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.wait()
        raise SourceError(f"git {arguments[0]} did not come to its end within {seconds:g} seconds") from error
    finally:
        forget()
        reader.join(timeout=_LAST_WORDS)
    cancellation.check()
    return GitAnswer(code, b"", b"".join(complaints).decode("utf-8", "replace").strip())


def _read(process: subprocess.Popen[bytes], complaints: list[bytes]) -> None:
    """Until all who hold the pipe have ended: an unread pipe would stop git."""
    with process.stderr or BytesIO() as stream:
        complaints.extend(iter(stream.readline, b""))
