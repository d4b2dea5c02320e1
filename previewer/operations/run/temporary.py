"""Environments that end with what made them: by a block's end, else by a sweeper, else by the next command.

Every object of such an environment says by a label which process it belongs to, so that any later command on this
machine, of whatever clone, knows what was left behind. Another machine cannot tell; there the time to live counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass

from msgspec.structs import replace

from previewer.deployment.deployment import UpResult
from previewer.domain import naming
from previewer.domain.cancellation import Cancellation
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.ending import Ends
from previewer.domain.environment.environment import Environment
from previewer.errors import EngineError, EngineUnreachableError, LockedError, NotFoundError
from previewer.operations.down import down, find_down_target
from previewer.operations.up import up
from previewer.process_identity import identify
from previewer.records.environments import find_ended_environments, list_environments
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.settings.model import RouterUse

TTL = "2h"
"""How long one lives at most, where nothing else removes it."""
CAUSE = "the run that it belonged to was killed"
QUIET_LOOKS = 6
"""Looks that have to find nothing: an engine carries out what a killed process had asked of it."""
QUIET_SECONDS = 0.5
ATTEMPTS = 120
"""Looks at an engine that does not answer, or at an environment that another command holds."""
RETRY_SECONDS = 5.0
SHARED_SECONDS = 900.0
"""How long others wait for the one that brings a shared environment up."""


def new_name(session: Session) -> str:
    """A name that no other environment has."""
    return naming.environment_name(session.project, f"run-{os.urandom(5).hex()}")


@dataclass(slots=True)
class Temporary:
    """An environment that is up until the block ends."""

    result: UpResult
    is_kept: bool = False
    """Set by the block: whether it stays, for its time to live. Only where it was allowed to."""


@contextmanager
def temporary(run: Run, revision: str, request: DeployRequest, *, may_stay: bool = False) -> Iterator[Temporary]:
    """Bring ``revision`` up under ``request.name``, and remove it when the block ends, however it does.

    Raises what :func:`up` and :func:`down` raise, and :class:`LockedError` where an environment of that name is
    there already.
    """
    name = naming.slug(request.name or new_name(run.session))
    run = Run(_without_names(run.session), run.report, run.cancellation)
    # A label cannot be taken back: one that may stay is known to its sweeper alone.
    process = None if may_stay else identify()
    with run.session.ledger.lock(f"{name} run", purpose=f"run a command beside {name}"):
        if any(environment.name == name for environment in list_environments(run.session)):
            raise LockedError(
                "there is an environment of this name already, and a run would remove it",
                where=name,
                hint=f"choose another with --env, or remove it: previewer down {name}",
            )
        made: Temporary | None = None
        try:
            made = Temporary(
                up(run, revision, replace(request, name=name, process=process, ttl=request.ttl or TTL))
            )
            yield made
        except BaseException:
            if not (made is not None and made.is_kept):
                with suppress(EngineUnreachableError):  # the first error says it already
                    remove(run, name)
            raise
        if not made.is_kept:
            remove(run, name)


def _without_names(session: Session) -> Session:
    """The same with host ports alone: what ends soon is asked by programs that resolve no names."""
    found = copy(session)
    found.adjust = lambda settings: replace(settings, router=replace(settings.router, use=RouterUse.OFF))
    return found


def up_for(run: Run, revision: str, request: DeployRequest, process: str) -> Environment:
    """The environment of that name which several processes use, and which ends with ``process``; made once."""
    name = naming.slug(request.name or new_name(run.session))
    run = Run(_without_names(run.session), run.report, run.cancellation)
    deadline = time.monotonic() + SHARED_SECONDS
    while True:
        try:
            with run.session.ledger.lock(f"{name} run", purpose=f"bring up {name}, which is shared"):
                for environment in list_environments(run.session):
                    if environment.name == name and environment.ownership.process == process:
                        return environment
                return up(run, revision, replace(request, name=name, process=process, ttl=TTL)).environment
        except LockedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(QUIET_SECONDS)


def remove_of(run: Run, process: str) -> None:
    """Remove all environments that end with a process."""
    remove(run, *(e.name for e in list_environments(run.session) if e.ownership.process == process))


def remove(run: Run, *names: str) -> None:
    """Remove what there is of these environments. An interruption does not stop it."""
    known = {environment.name for environment in list_environments(run.session)}
    if found := [name for name in names if name in known]:
        down(run.interrupted_by(Cancellation()), found)


def remove_abandoned(run: Run) -> None:
    """Remove the environments of processes that were killed. Another run may be at it too."""
    ended = find_ended_environments(run, Ends(abandoned=True))
    for name, cause in ended.causes.items():
        with suppress(LockedError, NotFoundError):
            down(run, find_down_target(run.session, [name], causes={name: cause}))


def sweep(run: Run, process: str, names: Collection[str]) -> None:
    """Remove all environments of a process that was killed, and what its builds left.

    ``names`` are those that it had chosen. Ends when several looks in a row found nothing; gives up an engine that
    does not answer for ten minutes.
    """
    quiet = failures = 0
    while quiet < QUIET_LOOKS and failures < ATTEMPTS:
        try:
            found = [e.name for e in list_environments(run.session) if _is_of(e, process, names)]
            quiet = 0 if found else quiet + 1
            for name in found:
                down(run, find_down_target(run.session, [name], causes={name: CAUSE}))
            run.session.images.sweep()
        except (EngineUnreachableError, LockedError):
            failures += 1
            time.sleep(RETRY_SECONDS)
        except (NotFoundError, EngineError):  # the next command of another run was faster
            failures += 1
        time.sleep(QUIET_SECONDS)


def _is_of(environment: Environment, process: str, names: Collection[str]) -> bool:
    """Whether a killed process made it. One that may stay does not say of which it is."""
    owner = environment.ownership
    return owner.process == process or (owner.process is None and environment.name in names)
