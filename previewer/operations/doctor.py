"""Look at everything previewer needs and say what is wrong and what helps."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence

from previewer.definition.discover import definition_names, how_to_begin
from previewer.deployment.capacity import capacity_for_more
from previewer.deployment.data import see_data
from previewer.deployment.would_run import would_run
from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.definition import Role
from previewer.domain.engine.nodes import NodePair, NodesReport
from previewer.domain.engine.specs import volume_of
from previewer.domain.environment.environment import SERVING, State
from previewer.domain.environment.host_ports import FIRST_PORT
from previewer.domain.policy.check import Check, Verdict
from previewer.domain.release.release import Artifact
from previewer.domain.routing.host_names import place_of
from previewer.domain.units import counted
from previewer.engine.protocol import LOCAL_IMAGES, Selection
from previewer.errors import NotFoundError, PreviewerError, SourceError
from previewer.git.command import git_version, version_text
from previewer.git.complaint import MINIMUM_VERSION
from previewer.records.environments import list_environments
from previewer.releases.definitions import choose_definition, read_definitions, refuse_empty
from previewer.releases.push_images import ensure_pushed
from previewer.releases.registry_access import default_address, open_repository
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
    yield from _nodes(session)
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


def _nodes(session: Session) -> Iterator[Check]:
    """How the machines of an engine reach the registry, each other and this one; nothing where it is one."""
    if (probe := session.probe) is None:
        return
    try:
        image, platform = probe.find_image()
        if LOCAL_IMAGES in session.engine.capabilities.missing:
            address = default_address(session)
            artifact = Artifact(image=image, platform=platform, origin="engine", reference="the probe of doctor")
            held, _was_there = ensure_pushed(
                session, artifact, address, repository=open_repository(address), cancellation=Cancellation()
            )
            image = str(address.by_digest(held.manifest.digest))
        settings = session.settings
        found = probe.examine(image, pool=settings.address_pool, prefix_length=settings.subnet_prefix)
    except PreviewerError as error:
        hint = error.hint or ""
        yield Check("nodes", Verdict.WARNING, f"how they reach each other was not looked at: {error}", hint)
        return
    yield from judge_nodes(found)


def judge_nodes(found: NodesReport) -> Iterator[Check]:
    """What a look from the nodes means."""
    ready = counted(len(found.ready), "node")
    if found.others:
        others = ", ".join(f"{name} ({why})" for name, why in sorted(found.others.items()))
        hint = "`docker node ls` lists them; `docker node update --availability active NODE` after a drain"
        yield Check("nodes", Verdict.WARNING, f"{ready} ready; not {others}", hint)
    else:
        yield Check("nodes", Verdict.OK, f"{ready}, all ready")
    yield _judged(
        "registry",
        [f"{name}: {why}" for name, why in sorted(found.not_run.items())],
        well="every node pulled an image and ran it",
        ill="the probe did not run on ",
        hint="`registry` has to be one that every node reaches under this name, with its certificate or as one of "
        "its `insecure-registries`",
    )
    yield _judged(
        "published ports",
        found.unreached,
        well="reached from here on every node",
        ill="not reached from here on ",
        hint=f"URLs there do not answer for you: open the nodes' ports from {FIRST_PORT} on, or use a VPN",
        verdict=Verdict.WARNING,
    )
    yield _judged(
        "overlay",
        _arrows(found.cut),
        well="tasks reach each other on every node",
        ill="no way between tasks: ",
        hint="nodes need UDP 4789, and TCP and UDP 7946, from each other",
    )
    yield _judged(
        "overlay MTU",
        _arrows(found.shortened),
        well="large answers come through",
        ill="small answers come through and large ones do not: ",
        hint="the network below carries less than 1500 bytes: give networks "
        "`driver_opts: {com.docker.network.driver.mtu: '1350'}`, or raise the nodes' MTU",
    )
    yield _judged(
        "virtual addresses",
        found.no_virtual,
        well="answer on every node",
        ill="do not answer on ",
        hint="previewer does without (`dnsrr`, ports of nodes); stacks that use them, and the routing mesh, need "
        "the kernel module ip_vs",
        verdict=Verdict.WARNING,
    )


def _judged(
    name: str, faults: Sequence[str], *, well: str, ill: str, hint: str, verdict: Verdict = Verdict.FAILED
) -> Check:
    return Check(name, verdict, ill + "; ".join(faults), hint) if faults else Check(name, Verdict.OK, well)


def _arrows(pairs: Sequence[NodePair]) -> tuple[str, ...]:
    return tuple(f"{one} → {other}" for one, other in pairs)


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
