"""Prove that a definition works which is not committed yet: run it, ask for its page, and remove it again.

It runs from a repository of its own inside git's folder, which borrows the objects of the user's: its releases,
history and references go with it. What it makes on the engine belongs to a project of its own, ``PROJECT-try``,
whose images are removed too. A lock of the user's repository keeps two trials apart, and what a killed one left is
removed by the next, or by `previewer down PROJECT-try`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.files import SHA1_DIGITS
from previewer.domain.commit.revision import Commit
from previewer.domain.compose.definition import ReadingChoice
from previewer.domain.compose.extension import ProbeRequest
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment
from previewer.domain.environment.urls import reason_for_no_url
from previewer.domain.policy.check import Check, Verdict
from previewer.git.command import GitCommand
from previewer.git.new_commit import tree_with
from previewer.operations.down import all_names, down
from previewer.operations.probe import ask_once
from previewer.operations.up import up
from previewer.session.open_session import PROJECT_VARIABLE, make_session
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.settings.model import REPOSITORY_FILE
from previewer.source.git import INSTALLATION_KEY, PROJECT_KEY, GitSource
from previewer.source.trusted_branches import DEFAULT_BRANCH_KEY

TTL = "1h"
"""The lifetime of an environment that a killed trial leaves."""
SUFFIX = "-try"
ROUTER_VARIABLE = "PREVIEWER_ROUTER"
_BORROWED = ("lfs", "modules")
"""Folders of git's own that hold files which a commit only names."""
_HTTP = ("http", "https")
_SERVER_ERROR = 500
_FOLDER = "previewer-try.git"
UNTRUSTED, NO_BRANCH = "previewer-try", "previewer-none"
"""What the branch is called that no name speaks for, and the default branch where none is known."""


def try_definition(
    run: Run,
    files: Mapping[str, str],
    *,
    docker_host: str | None,
    environment: Mapping[str, str],
    timeout: float | None,
    env_files: tuple[str, ...] = (),
) -> tuple[Check, ...]:
    """What came of running HEAD with ``files`` (text by path) added; none of it failed, but for the page's answer.

    Nothing is left of it, neither on the engine nor in the repository, whatever happens. Raises what ``up``
    raises.
    """
    session = run.session
    name = f"{session.project}{SUFFIX}"
    with session.ledger.lock(name, purpose="try a definition"), _scratch(session, files) as (folder, branch):
        source = GitSource(folder, environment=environment)
        own = {**environment, PROJECT_VARIABLE: name, ROUTER_VARIABLE: "off"}  # its ports are asked
        with make_session(source, docker_host, own) as trial, _removing(replace(run, session=trial), name):
            begun = time.monotonic()
            request = DeployRequest(name=name, ttl=TTL, timeout=timeout, choice=ReadingChoice(env_files=env_files))
            found = up(replace(run, session=trial), branch, request).environment
            seconds = time.monotonic() - begun
            services = ", ".join(service.name for service in found.services)
            checks = (
                Check("up", Verdict.OK, f"{services} run{'s' * (len(found.services) == 1)} after {seconds:.1f} s"),
                _ask(found),
            )
    return (*checks, Check("down", Verdict.OK, "nothing is left of it"))


def _ask(environment: Environment) -> Check:
    """What the main URL answers."""
    main = next(iter(environment.ports), None)
    if main is None:
        return Check("answer", Verdict.WARNING, reason_for_no_url(environment), "publish a port with `ports`")
    address = urlsplit(main.reached)
    if address.scheme not in _HTTP or address.hostname is None or address.port is None:
        return Check("answer", Verdict.OK, f"{main.reached} accepts connections")
    answer = ask_once(address.hostname, address.port, ProbeRequest(path="/"))
    if answer.error:
        return Check("answer", Verdict.FAILED, f"{main.reached}: {answer.error}", "is it the right port?")
    verdict = Verdict.FAILED if answer.status >= _SERVER_ERROR else Verdict.OK
    return Check("answer", verdict, f"{main.reached} answers {answer.status}", "its logs say why")


@contextmanager
def _removing(run: Run, name: str) -> Iterator[None]:
    """Remove what is on the engine of a trial, before it begins (an earlier one was killed) and at its end."""
    _remove(run, name)
    try:
        yield
    finally:
        _remove(run.interrupted_by(Cancellation()), name)


def _remove(run: Run, name: str) -> None:
    trial = run.session
    if name in all_names(trial):
        down(run, [name])
    for image in trial.images.list_built(name):
        trial.images.remove(image)
    trial.images.unname_bases(name, at_once=True)


@contextmanager
def _scratch(session: Session, files: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """A repository whose branch has HEAD's files and ``files``; it is trusted with what HEAD is trusted with."""
    shared = Path(session.source.shared_folder)
    folder = shared / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder, _fill(session, shared, folder, files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(session: Session, shared: Path, folder: Path, files: Mapping[str, str]) -> str:
    """Make the repository; the branch to run."""
    head, default = session.source.resolve("HEAD"), session.settings.default_branch
    object_format = () if len(head.commit.id) == SHA1_DIGITS else ("--object-format=sha256",)
    GitCommand(str(shared)).run("init", "--quiet", "--bare", *object_format, str(folder))
    (folder / "objects" / "info" / "alternates").write_text(f"{shared / 'objects'}\n", encoding="utf-8")
    if (shared / "shallow").is_file():
        shutil.copy(shared / "shallow", folder / "shallow")
    for part in _BORROWED:
        if (shared / part).is_dir():
            (folder / part).symlink_to(shared / part, target_is_directory=True)
    command = GitCommand(str(folder))
    branch = head.branch
    if branch is None or not session.source.is_on_branch(head.commit.id, branch):
        branch = UNTRUSTED  # a name counts only where that branch really holds HEAD
    command.run("update-ref", f"refs/heads/{branch}", _commit(command, head.commit, files))
    trusted = default.name if default is not None and default.commit is not None else None
    if default is not None and default.commit is not None and trusted != branch:
        has_settings = session.source.tree(default.commit).is_file(REPOSITORY_FILE)
        settings = {path: text for path, text in files.items() if path == REPOSITORY_FILE and not has_settings}
        base = session.source.resolve(default.commit).commit
        command.run("update-ref", f"refs/heads/{trusted}", _commit(command, base, settings))
    for key, value in (
        (INSTALLATION_KEY, session.source.installation),
        (PROJECT_KEY, session.project),
        (DEFAULT_BRANCH_KEY, f"refs/heads/{trusted or NO_BRANCH}"),
    ):
        command.run("config", key, value)
    return branch


def _commit(command: GitCommand, base: Commit, files: Mapping[str, str]) -> str:
    """A commit upon ``base`` that has ``files`` besides; ``base`` itself without any."""
    if not files:
        return base.id
    tree = tree_with(command, base.tree, files)
    who = f"previewer <previewer> {int(base.committed_at.timestamp())} +0000"
    content = f"tree {tree}\nparent {base.id}\nauthor {who}\ncommitter {who}\n\nTry a definition\n"
    written = command.run("hash-object", "-t", "commit", "-w", "--stdin", input_bytes=content.encode())
    return written.decode().strip()
