"""Make one generation of an environment from a release, whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from previewer.domain.cancellation import Cancellation
from previewer.domain.host_ports import assign_ports, find_held_ports
from previewer.domain.isolation import isolate
from previewer.domain.labels import Ownership
from previewer.domain.observation import Observation
from previewer.domain.progress import Noted, Report
from previewer.domain.reconcile import plan_generation
from previewer.domain.release import FrozenDefinition
from previewer.domain.revision import Commit
from previewer.domain.served_files import Served, serve_files
from previewer.domain.target import Target
from previewer.engine.protocol import Selection
from previewer.errors import (
    ConflictError,
    EngineUnreachableError,
    LeftoversError,
    LockedError,
    ObjectNotFoundError,
    PortTakenError,
)
from previewer.operations.execute import ExecutionLimits, execute
from previewer.operations.file_contents import open_archive, read_contents
from previewer.operations.free_ports import free_port_check
from previewer.operations.remove import remove_all
from previewer.operations.session import Session

PORT_ATTEMPTS = 3
"""Somebody else can take a chosen host port before our container starts; then others are chosen."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to run, and whose it will be."""

    commit: Commit
    owner: Ownership
    frozen: FrozenDefinition
    files: Mapping[str, str]
    """Digests of the commit's files that services read while they run, by path."""


def target_of(session: Session, wanted: Wanted, *, taken: Collection[int]) -> Target:
    """The generation down to the last label, with host ports that are none of ``taken``."""
    tree = session.source.tree(wanted.commit.id)
    contents = read_contents(wanted.frozen.definition, tree, session.settings.allowed_variables)
    served = _served(session, wanted)
    return Target(
        ownership=wanted.owner,
        definition=served.definition,
        artifacts=wanted.frozen.artifacts,
        ports=assign_ports(served.definition, seed=wanted.owner.environment, is_free=free_port_check(taken)),
        address_pool=session.settings.address_pool,
        prefix_length=session.settings.subnet_prefix,
        files=open_archive(tree, served, contents, wanted.commit),
        contents=contents,
    )


def is_whole(session: Session, wanted: Wanted, observed: Observation) -> bool:
    """Whether what was observed is each container, network and volume of :func:`target_of`, and nothing else.

    The state of what is there does not tell what is missing, after a kill or by somebody's hand.
    """
    definition = _served(session, wanted).definition
    replicas = {(name, n) for name, service in definition.services.items() for n in range(1, service.replicas + 1)}
    return (
        {(container.service, container.number) for container in observed.containers} == replicas
        and {network.key for network in observed.networks} == set(definition.networks)
        and {volume.key for volume in observed.volumes} == set(definition.volumes)
    )


def make_generation(
    session: Session, wanted: Wanted, *, timeout: float, report: Report, cancellation: Cancellation
) -> None:
    """Run the plan of :func:`target_of`. Whatever ends it early undoes what it made.

    Raises :class:`ConflictError` before anything is made where a fixed host port is another container's.
    ``timeout`` is how many seconds all the waiting for health may take.
    """
    refuse_held_ports(session, wanted)
    taken = set(published_ports(session))
    for attempt in range(1, PORT_ATTEMPTS + 1):
        target = target_of(session, wanted, taken=taken)
        try:
            _run(session, target, timeout=timeout, report=report, cancellation=cancellation)
        except PortTakenError as error:
            taken |= set(target.ports.values())
            others = target_of(session, wanted, taken=taken).ports
            if attempt == PORT_ATTEMPTS or others == target.ports:  # a fixed port stays what it is
                raise
            report(Noted(f"{error}; trying other host ports"))
        else:
            return


def published_ports(session: Session) -> Collection[int]:
    """The host ports that environments of anybody on this engine publish."""
    everything = session.engine.observe(Selection())
    return {port.host_port for container in everything.containers for port in container.ports}


def refuse_held_ports(session: Session, wanted: Wanted) -> None:
    """Raise :class:`ConflictError` where an environment has a fixed host port already that is wanted.

    Its own predecessor may be that environment: it would stay until its successor is healthy, which cannot start.
    """
    definition = _served(session, wanted).definition
    held = next(find_held_ports(definition, session.engine.observe(Selection())), None)
    if held is None:
        return
    holder, own = held.holder.ownership.environment, wanted.owner.environment
    raise ConflictError(
        f"the environment {holder} has the host port {held.port} that the service {held.service} is to have"
        if holder != own
        else f"what runs has the host port {held.port}, and goes only once what replaces it is healthy",
        where=own,
        hint=f"take {holder} down first, or publish the port without a fixed host port, so that both can run",
    )


def _served(session: Session, wanted: Wanted) -> Served:
    """What runs: isolated, with the commit's files in a volume."""
    owner = wanted.owner
    trust = session.settings.trust.trust(owner.role, owner.branch)
    isolated = isolate(wanted.frozen.definition, role=owner.role, trust=trust).definition
    return serve_files(isolated, wanted.files)


def _run(session: Session, target: Target, *, timeout: float, report: Report, cancellation: Cancellation) -> None:
    owner = target.ownership
    made = Selection(installation=owner.installation, operation=owner.operation)
    try:
        execute(
            plan_generation(target),
            session.engine,
            stage="run",
            limits=ExecutionLimits(parallel=session.settings.parallel, timeout=timeout),
            report=report,
            cancellation=cancellation,
            watch=made,
        )
    except BaseException as failure:
        _undo(session, made, owner.environment, failure, report=report)
        if isinstance(failure, ObjectNotFoundError) and not _is_about_image(failure):
            raise LockedError(
                f"somebody removed what was being made ({failure})",
                where=owner.environment,
                hint="another clone of the repository, or somebody by hand, changes it meanwhile: try again",
            ) from failure
        raise


def _is_about_image(error: ObjectNotFoundError) -> bool:
    return "image" in error.message.lower()


def _undo(session: Session, made: Selection, environment: str, failure: BaseException, *, report: Report) -> None:
    """Remove what was made. Where that fails too, both failures are told."""
    try:
        remove_all(
            session.engine,
            lambda: session.engine.observe(made),
            title=f"undo {environment}",
            cause="up did not succeed",
            stage="undo",
            report=report,
        )
    except (LeftoversError, EngineUnreachableError) as left:
        reason = str(failure) or type(failure).__name__
        then = "what is left is not known" if isinstance(failure, EngineUnreachableError) else left.message
        raise type(left)(
            f"{reason}; then {then}", where=environment, hint=left.hint, details=left.details
        ) from failure
