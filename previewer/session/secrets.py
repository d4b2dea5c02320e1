"""Values of secrets from where the default branch's settings say: for each role, and for trusted commits only.

They are known to this process, as values of the user's variables are: what is stored refers to them. A project can
only name sources of a kind that the user lets projects use: its default branch is not the user.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path, PurePosixPath

from msgspec import Struct

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.references import find_references
from previewer.domain.progress import Noted
from previewer.errors import PreviewerError
from previewer.session.run import Run
from previewer.session.session import SECRETS, Session
from previewer.settings.model import REPOSITORY_FILE

TIMEOUT = 60.0
"""Seconds that a program may take."""
PARALLEL = 8
MOST_BYTES = 1 << 20
ReadFile = Callable[[str], bytes | None]
"""A file of the default branch, by its path; ``None`` where there is none."""


class Secret(Struct, frozen=True):
    """One that the settings name."""

    name: str
    source: str
    problem: PreviewerError | None
    """Why its value cannot be had; ``None`` where it was read."""

    def __repr__(self) -> str:
        return f"Secret({self.name}, {self.source})"


def with_secrets(
    run: Run, role: Role, *, branch: str | None, commit: str, definitions: Sequence[Definition] = ()
) -> Run:
    """The run for one commit (full id), whose definitions may use the role's secrets if it is trusted with them.

    With ``definitions``, which are stored, only those count that they refer to. Raises :class:`PreviewerError` for
    a secret that cannot be had.
    """
    session = run.session
    names = _names(session, role, definitions)
    if not names or _mount(role) in session.config_mounts:
        return run
    if (reason := distrust_reason(session, branch=branch, commit=commit)) is not None:
        run.report(Noted(f"no secrets are given: {reason}", "push it, or give the values with --env-file FILE"))
        return run
    values, secrets = read_secrets(session, role, names)
    problems = [(secret.name, secret.problem) for secret in secrets if secret.problem is not None]
    if problems:
        name, first = problems[0]
        raise PreviewerError(
            f"the secret {name} cannot be had: {first.message}",
            where=f"{REPOSITORY_FILE}, [secrets.{role.value}]",
            hint=first.hint or "`previewer secrets check` lists them all",
            details=(*first.details, *(f"{other}: {problem.message}" for other, problem in problems[1:])),
        )
    return Run(_knowing(session, role, values), run.report, run.cancellation)


def knowing(session: Session, definition: Definition) -> Session:
    """The session that knows the secrets which a stored definition refers to, as far as they can be had.

    It is for masking them, whomever they were given to.
    """
    for role in session.settings.secrets:
        if (names := _names(session, role, (definition,))) and _mount(role) not in session.config_mounts:
            session = _knowing(session, role, read_secrets(session, role, names)[0])
    return session


def lacks_secrets(session: Session, definition: Definition) -> bool:
    """Whether one that a stored definition refers to cannot be had now, so that no text can be cleared of it."""
    return any(
        secret.problem is not None
        for role in session.settings.secrets
        for secret in read_secrets(session, role, _names(session, role, (definition,)))[1]
    )


def read_secrets(
    session: Session, role: Role, names: Collection[str]
) -> tuple[Mapping[str, str], tuple[Secret, ...]]:
    """The values that can be had, by name; and what is to be said of each, without its value."""
    sources = {name: source for name, source in session.settings.secrets.get(role, {}).items() if name in names}
    values: dict[str, str] = {}

    def read(item: tuple[str, str]) -> Secret:
        name, source = item
        try:
            _refuse_kind(source, session.settings.secret_sources)
            values[name] = session.find_secret(source)
        except PreviewerError as error:
            return Secret(name, source, error)
        return Secret(name, source, None)

    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="previewer-secret") as pool:
        secrets = tuple(pool.map(read, sources.items()))
    return {name: values[name] for name in sources if name in values}, secrets


def distrust_reason(session: Session, *, branch: str | None, commit: str) -> str | None:
    """Why a commit gets no secrets; ``None`` for one that a branch holds which only those can push to that may.

    A pull request's commit is on no branch of the repository, whatever it is called here.
    """
    default = session.source.default_branch().name
    if any(name is not None and session.source.is_on_branch(commit, name) for name in (branch, default)):
        return None
    return f"{branch} does not hold this commit at its remote" if branch else "this commit is on no known branch"


def find_secret(source: str, environment: Mapping[str, str], read_file: ReadFile) -> str:
    """The value that a source gives. ``read_file`` reads files of the default branch.

    Raises :class:`PreviewerError` without anything that a program wrote to standard output.
    """
    kind, _, rest = source.partition(":")
    if kind == "env":
        if value := environment.get(rest):
            return value
        raise PreviewerError(f"the variable {rest} is not set", where=source)
    if kind == "file":
        return _read(Path(rest).expanduser(), source)
    if kind == "sops":
        return _decrypt(rest, source, environment, read_file)
    command = (
        ("op", "read", "--no-newline", f"op://{rest.removeprefix('//')}") if kind == "op" else _words(rest, source)
    )
    return _run(command, source, environment)


def _mount(role: Role) -> str:
    return f"{SECRETS}{role.value}"


def _names(session: Session, role: Role, definitions: Sequence[Definition]) -> Collection[str]:
    """The role's secrets: all, or those that stored definitions refer to, or name as the content of a file."""
    known = session.settings.secrets.get(role, {})
    if not known or not definitions:
        return known.keys()
    models = [definition.model for definition in definitions]
    named = {f.environment for d in definitions for files in d.served.values() for f in files.values()}
    return known.keys() & named.union(found["name"] for model in models for found in find_references(model))


def _knowing(session: Session, role: Role, values: Mapping[str, str]) -> Session:
    """This session for work on one commit: another one, of whatever branch, does not get the values."""
    found = copy(session)
    found.config_mounts = {**session.config_mounts, _mount(role): dict(values)}
    return found


def _refuse_kind(source: str, allowed: frozenset[str]) -> None:
    kind = source.partition(":")[0]
    if kind not in allowed:
        raise PreviewerError(
            f"you do not let projects use `{kind}:`",
            where=source,
            hint=f"if you trust this one: PREVIEWER_SECRET_SOURCES={','.join(sorted({*allowed, kind}))}, or"
            " secret_sources in your own settings",
        )


def _read(path: Path, source: str) -> str:
    if not path.is_absolute():
        raise PreviewerError("its path has to be absolute: a checkout may be anybody's", where=source)
    try:
        with path.open("rb") as file:
            return _text(file.read(MOST_BYTES + 1), source)
    except OSError as error:
        raise PreviewerError(f"the file cannot be read: {error.strerror}", where=source) from error


def _words(text: str, source: str) -> Sequence[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise PreviewerError(f"it cannot be taken apart into words: {error}", where=source) from error


def _decrypt(rest: str, source: str, environment: Mapping[str, str], read_file: ReadFile) -> str:
    """``FILE#key.key``: the file as the default branch has it, since a checkout may be anybody's."""
    path, _, keys = rest.partition("#")
    if (content := read_file(path)) is None:
        raise PreviewerError("the default branch has no such file", where=source)
    extract = "".join(f"[{key if key.isdecimal() else json.dumps(key)}]" for key in keys.split(".") if key)
    with tempfile.TemporaryDirectory(prefix="previewer-") as folder:
        file = Path(folder) / PurePosixPath(path).name
        file.write_bytes(content)
        return _run(
            ("sops", "decrypt", *(("--extract", extract) if extract else ()), str(file)), source, environment
        )


def _run(command: Sequence[str], source: str, environment: Mapping[str, str]) -> str:
    """Run a program of the user's, found on the user's ``PATH``: none of the checkout, and no shell."""
    path = os.pathsep.join(
        folder for folder in environment.get("PATH", os.defpath).split(os.pathsep) if Path(folder).is_absolute()
    )
    is_name = os.sep not in command[0]
    program = shutil.which(command[0], path=path) if is_name or Path(command[0]).is_absolute() else None
    if program is None:
        raise PreviewerError(
            f"there is no program {command[0]}", where=source, hint="install it, or name its path"
        )
    try:
        done = subprocess.run(
            [program, *command[1:]],
            env=dict(environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PreviewerError(f"{command[0]} does not answer: {type(error).__name__}", where=source) from error
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise PreviewerError(f"{command[0]} ended with {done.returncode}", where=source, details=tuple(told[-3:]))
    return _text(done.stdout, source)


def _text(content: bytes, source: str) -> str:
    try:
        text = content[: MOST_BYTES + 1].decode()
    except UnicodeDecodeError as error:
        raise PreviewerError("its value is not UTF-8", where=source) from error
    if len(content) > MOST_BYTES:
        raise PreviewerError("its value is too large", where=source)
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise PreviewerError("its value is empty", where=source)
    return value
