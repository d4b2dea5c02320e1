"""Run git's plumbing in one repository, whatever the environment says: the only importer of GitPython.

GitPython's object model is slow (one process or more per branch), its command wrapper is not, so only the
wrapper is used. Every command is shielded: no hooks, no optional locks, no replaced objects, no prompts, and none
of the variables (``GIT_DIR``, …) that git sets inside its hooks and that would lead to another repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from previewer.errors import SourceError

# Without this, importing GitPython fails where git is not installed; we report that ourselves.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from git.cmd import Git
from git.exc import GitCommandNotFound

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
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """What a git command said."""

    code: int
    output: bytes
    complaint: str
    """Its standard error, without blank ends."""


class GitCommand:
    """Runs git in the repository that ``path`` is in. Safe to use from several threads."""

    def __init__(self, path: str) -> None:
        """``path`` is a folder: of a working tree, below one, or a bare repository."""
        self.path = path
        self._git = Git()

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Git.AutoInterrupt:
        """Start git with pipes at both ends and leave it running.

        Raises :class:`SourceError` where git is not installed.
        """
        command = [*_without_redirection(), Git.GIT_PYTHON_GIT_EXECUTABLE or "git"]
        command += ["-C", self.path, *_SHIELD, *arguments]
        try:
            return self._git.execute(
                command, istream=subprocess.PIPE, as_process=True, env={**_ENVIRONMENT, **(environment or {})}
            )
        except GitCommandNotFound as error:
            raise SourceError("git is not installed", hint="install git 2.30 or newer") from error

    def ask(self, *arguments: str, input_bytes: bytes = b"") -> GitAnswer:
        """Run git to its end, whatever its exit code. Raises :class:`SourceError` for no usable repository."""
        process = self.start(*arguments)
        output, complaint = process.communicate(input_bytes)
        answer = GitAnswer(process.returncode, output, complaint.decode("utf-8", "replace").strip())
        if answer.code:
            self._refuse_unusable(answer)
        return answer

    def run(self, *arguments: str, input_bytes: bytes = b"") -> bytes:
        """The output of a git command. Raises :class:`SourceError` if it fails."""
        answer = self.ask(*arguments, input_bytes=input_bytes)
        if answer.code:
            raise SourceError(f"git {arguments[0]} failed: {_first_line(answer)}", where=self.path)
        return answer.output

    def _refuse_unusable(self, answer: GitAnswer) -> None:
        if "dubious ownership" in answer.complaint:
            raise SourceError(
                "git refuses this repository because somebody else owns it",
                where=self.path,
                hint=f"if you trust it: git config --global --add safe.directory '{self.path}'",
            )
        if "not a git repository" in answer.complaint or "cannot use bare repository" in answer.complaint:
            raise SourceError(
                _first_line(answer),
                where=str(Path(self.path).resolve()),
                hint="change into a git repository, say --repo PATH, or make one: git init",
            )
        if "cannot change to" in answer.complaint:
            raise SourceError("there is no such folder", where=self.path)


def _first_line(answer: GitAnswer) -> str:
    """Git's own words: the first line that is no warning."""
    lines = [line for line in answer.complaint.splitlines() if not line.startswith(("warning:", "hint:"))]
    return lines[0].removeprefix("fatal: ").removeprefix("error: ") if lines else f"exit code {answer.code}"


def _without_redirection() -> list[str]:
    """A prefix that takes variables out of git's environment, which GitPython can only add to."""
    found = [name for name in REDIRECTING_VARIABLES if name in os.environ]
    return ["env", *(part for name in found for part in ("-u", name))] if found else []
