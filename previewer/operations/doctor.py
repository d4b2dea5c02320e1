"""Look at everything previewer needs and say what is wrong and what helps."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

from previewer.definition.discover import definition_names, how_to_begin
from previewer.deployment.capacity import capacity_for_more
from previewer.deployment.data import see_data
from previewer.deployment.would_run import would_run
from previewer.domain.compose.definition import Role
from previewer.domain.engine.specs import volume_of
from previewer.domain.environment.environment import SERVING, State
from previewer.domain.policy.check import Check, Verdict
from previewer.domain.routing.host_names import place_of
from previewer.domain.units import counted
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError, PreviewerError, SourceError
from previewer.git.command import git_version, version_text
from previewer.git.complaint import MINIMUM_VERSION
from previewer.records.environments import list_environments
from previewer.releases.definitions import choose_definition, read_definitions, refuse_empty
from previewer.session.session import Session

FEW = 3
"""Environments that still fit, of which the user is told."""


def examine(session: Session | None, *, failure: PreviewerError | None = None) -> tuple[Check, ...]:
    """Every check, in the order in which one needs the other.

    ``session`` is ``None`` where no repository could be opened; ``failure`` then says why.
    """
    return tuple(_checks(session, failure))


def _checks(session: Session | None, failure: PreviewerError | None) -> Iterator[Check]:
    yield from _guard("git", _git)
    if session is None:
        reason = str(failure) if failure else "no repository"
        yield Check("repository", Verdict.FAILED, reason, (failure.hint if failure else None) or "")
        return
    yield from _guard("repository", lambda: _repository(session))
    has_commit = bool(session.source.branches()) or _has_commit(session)
    is_empty = not has_commit and not _has_only_releases(session)
    if has_commit:
        yield from _guard("definitions", lambda: _definitions(session))
        yield from _hindrances(session)
    reachable = _guard("engine", lambda: _engine(session))
    yield from reachable
    if reachable[0].verdict is Verdict.FAILED:
        return
    yield from _guard("builder", lambda: _builder(session))
    if is_empty:
        return
    yield from _guard("environments", lambda: _environments(session))
    yield from _guard("addresses", lambda: _addresses(session))
    yield from _guard("room", lambda: _room(session))
    yield from _data(session)


def _guard(name: str, look: Callable[[], Check]) -> tuple[Check]:
    try:
        return (look(),)
    except PreviewerError as error:
        return (Check(name, Verdict.FAILED, str(error), error.hint or ""),)


def _git() -> Check:
    version = git_version()
    if version < MINIMUM_VERSION:
        detail = f"{shutil.which('git')} is git {version_text(version)}"
        return Check("git", Verdict.FAILED, detail, f"install git {version_text(MINIMUM_VERSION)} or newer")
    return Check("git", Verdict.OK, f"{shutil.which('git')}, {version_text(version)}")


def _repository(session: Session) -> Check:
    branches = session.source.branches()
    default = session.source.default_branch()
    if _has_only_releases(session):
        kept = counted(len(session.ledger.releases()), "release")
        detail = f"{session.source.location}: project {session.project}, {kept} without their commits"
        return Check("repository", Verdict.OK, detail)
    if not branches and not _has_commit(session):
        hint = "make a commit: previewer reads nothing but commits"
        return Check("repository", Verdict.WARNING, f"{session.source.location}: no branch has a commit yet", hint)
    about = counted(len(branches), "branch", "branches") if branches else "no branch, a commit is checked out"
    detail = f"{session.source.location}: project {session.project}, {about}"
    if default.commit is None:
        warning = f"{detail}; no branch's settings are trusted: {default.reason}"
        return Check("repository", Verdict.WARNING, warning, default.hint)
    return Check("repository", Verdict.OK, f"{detail}, default {default.name} ({default.reason})")


def _has_commit(session: Session) -> bool:
    """Whether anything can be previewed, though no branch is here: CI checks out commits."""
    try:
        session.source.resolve("HEAD")
    except NotFoundError:
        return False
    return True


def _has_only_releases(session: Session) -> bool:
    """Whether they were pulled to a machine without a clone."""
    if session.source.branches() or _has_commit(session):
        return False
    try:
        return bool(session.ledger.releases())
    except SourceError:  # nothing has been committed yet, and nothing was pulled
        return False


def _definitions(session: Session) -> Check:
    revision = _revision(session)
    commit = session.source.default_branch().commit or session.source.resolve(revision).commit.id
    tree = session.source.tree(commit)
    names = definition_names(tree)
    if not names:
        return Check("definitions", Verdict.FAILED, f"{revision} has none", how_to_begin(tree))
    definitions = read_definitions(session, session.source.resolve(commit))
    refuse_empty(choose_definition(definitions, Role.PREVIEW, None))
    if unread := set(names) - {definition.name for definition in definitions}:
        hint = "`previewer config --definition NAME` says why"
        detail = f"{revision} has {', '.join(names)}; not to be read: {', '.join(sorted(unread))}"
        return Check("definitions", Verdict.WARNING, detail, hint)
    return Check("definitions", Verdict.OK, f"{revision} has {', '.join(names)}")


def _hindrances(session: Session) -> Iterator[Check]:
    """What `up` would refuse of the definition, and what it would leave out."""
    try:
        resolved = session.source.resolve(_revision(session))
        tree = session.source.tree(resolved.commit.id)
    except PreviewerError:  # the check before this one says it
        return
    if definition_names(tree):
        yield from (found for found in would_run(session, resolved, tree) if found.verdict is not Verdict.OK)


def _revision(session: Session) -> str:
    """The default branch, if it is here; else what is checked out."""
    default = session.source.default_branch()
    return default.name if default.name and default.commit else "HEAD"


def _engine(session: Session) -> Check:
    capabilities = session.engine.capabilities
    version = ".".join(map(str, capabilities.api_version))
    place = f" at {capabilities.remote}" if capabilities.remote else ""
    detail = f"{capabilities.name}, API {version}, runs {capabilities.platform}{place}"
    if capabilities.missing:
        lacks = "; ".join(f"{ability} ({reason})" for ability, reason in capabilities.missing.items())
        return Check("engine", Verdict.WARNING, detail, f"previewer does without what this engine lacks: {lacks}")
    return Check("engine", Verdict.OK, detail)


def _builder(session: Session) -> Check:
    builder = session.images.builder
    if builder == "buildkit":
        return Check("builder", Verdict.OK, "BuildKit, through the engine's own endpoint")
    return Check("builder", Verdict.WARNING, f"the {builder} builder", "cache mounts and heredocs need BuildKit")


def _addresses(session: Session) -> Check:
    """Connect to the main address of every environment that serves."""
    serving = [environment for environment in list_environments(session) if environment.state in SERVING]
    urls = [environment.url for environment in serving if environment.url]
    silent = [url for url in urls if not session.router.accepts(*place_of(url))]
    where = f"ports are published at {session.publish_address}"
    if silent:
        hint = "`network.publish` and PREVIEWER_HOST say where they are reached; `previewer router up` for names"
        return Check("addresses", Verdict.WARNING, f"{where}; no answer from here: {', '.join(silent)}", hint)
    return Check("addresses", Verdict.OK, f"{where}; {len(urls)} of {len(urls)} answer" if urls else where)


def _environments(session: Session) -> Check:
    everything = session.engine.observe(Selection(installation=session.source.installation))
    environments = list_environments(session)
    broken = [e.name for e in environments if e.state in (State.FAILED, State.UNHEALTHY)]
    detail = f"{len(environments)} up, with {counted(len(everything.containers), 'container')}"
    if broken:
        return Check(
            "environments", Verdict.WARNING, f"{detail}; not well: {', '.join(broken)}", "see `previewer ls`"
        )
    return Check("environments", Verdict.OK, detail)


def _data(session: Session) -> Iterator[Check]:
    """How environments begin with snapshots, where there are any: only clones show what the engine can do."""
    try:
        seen = see_data(session)
    except PreviewerError as error:
        yield Check("data", Verdict.FAILED, str(error), error.hint or "")
        return
    if not seen.snapshots:
        return
    detail = counted(len(seen.snapshots), "snapshot")
    clones = [layers for layers in seen.clones.values() if volume_of(layers[0]) not in seen.owners]
    if clones and all(len(layers) == 1 for layers in clones):
        hint = "it takes time and disk by the size of the data; docs/data.md says which engines can do better"
        yield Check("data", Verdict.WARNING, f"{detail}; this engine copies them into environments", hint)
    else:
        yield Check("data", Verdict.OK, f"{detail}; environments are laid over them" if clones else detail)


def _room(session: Session) -> Check:
    """How many more environments like the largest one fit."""
    room = capacity_for_more(session)
    detail = f"for {counted(room.more, 'more environment')}"
    if room.tightest is None:
        return Check("room", Verdict.OK, detail)
    detail = f"{detail}: {'; '.join(bound.reason for bound in room.bounds)}"
    if not room.more:
        return Check("room", Verdict.FAILED, detail, room.tightest.hint)
    if room.more < FEW:
        return Check("room", Verdict.WARNING, detail, room.tightest.hint)
    return Check("room", Verdict.OK, detail)
