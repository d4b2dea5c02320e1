"""Make one generation of an environment from a release, whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from previewer.domain.cancellation import Cancellation
from previewer.domain.host_ports import assign_ports
from previewer.domain.isolation import isolate
from previewer.domain.labels import Ownership
from previewer.domain.progress import Noted, Report
from previewer.domain.reconcile import plan_generation
from previewer.domain.release import FrozenDefinition
from previewer.domain.revision import Commit
from previewer.domain.target import Target
from previewer.domain.tree_files import serve_tree_files
from previewer.engine.protocol import Selection
from previewer.errors import ConflictError, LeftoversError
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
    owner = wanted.owner
    trust = session.settings.trust.trust(owner.role, owner.branch)
    isolated = isolate(wanted.frozen.definition, role=owner.role, trust=trust).definition
    definition = serve_tree_files(isolated, wanted.files)
    return Target(
        ownership=owner,
        definition=definition,
        artifacts=wanted.frozen.artifacts,
        ports=assign_ports(definition, seed=owner.environment, is_free=free_port_check(taken)),
        address_pool=session.settings.address_pool,
        prefix_length=session.settings.subnet_prefix,
        files=open_archive(tree, wanted.files, wanted.commit) if wanted.files else None,
        contents=read_contents(definition, tree, session.settings.allowed_variables),
    )


def make_generation(
    session: Session, wanted: Wanted, *, timeout: float, report: Report, cancellation: Cancellation
) -> None:
    """Run the plan of :func:`target_of`. Whatever ends it early undoes what it made.

    ``timeout`` is how many seconds all the waiting for health may take.
    """
    taken = set(published_ports(session))
    for attempt in range(1, PORT_ATTEMPTS + 1):
        target = target_of(session, wanted, taken=taken)
        try:
            _run(session, target, timeout=timeout, report=report, cancellation=cancellation)
        except ConflictError as error:
            if attempt == PORT_ATTEMPTS or not target.ports:
                raise
            report(Noted(f"{error}; trying other host ports"))
            taken |= set(target.ports.values())
        else:
            return


def published_ports(session: Session) -> Collection[int]:
    """The host ports that environments of anybody on this engine publish."""
    everything = session.engine.observe(Selection())
    return {port.host_port for container in everything.containers for port in container.ports}


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
        raise


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
    except LeftoversError as left:
        reason = str(failure) or type(failure).__name__
        raise LeftoversError(
            f"{reason}; then {left.message}", where=environment, hint=left.hint, details=left.details
        ) from failure
