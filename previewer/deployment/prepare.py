"""Decide all about a deployment before anything is made: `--dry-run` prints it, `deploy` carries it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.data import begin_with_data, beginning_lines
from previewer.deployment.definition import rewrite_lines
from previewer.deployment.deployment import Deployment
from previewer.deployment.generation import Generation, is_whole, refuse_held_ports, served_definition, target_of
from previewer.deployment.recover import plan_removal_of_superseded
from previewer.deployment.routing import expected_router
from previewer.deployment.seeding import planned_seeds
from previewer.deployment.snapshot import EnvironmentSnapshot
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.served_files import Served
from previewer.domain.data.beginning import Lifetime, VolumeData
from previewer.domain.deploy.plan import Plan
from previewer.domain.deploy.reconcile import join_plans, plan_generation
from previewer.domain.deploy.rollover import Rollover, left_data, roll_over
from previewer.domain.engine.capacity import Need, need_of, refuse_missing, slow_lines
from previewer.domain.engine.observation import Observation
from previewer.domain.environment.environment import SERVING
from previewer.domain.labels import Ownership
from previewer.domain.policy.check import check, raise_for
from previewer.domain.units import expiry, format_time, parse_ttl
from previewer.errors import ConflictError
from previewer.releases.attest import require_signature
from previewer.session.secrets import distrust_reason
from previewer.session.session import Session

PUBLISHERS_GRACE = 2
"""Seconds that containers with published ports get to end where generations are kept: part of the downtime."""
NO_DATA: Mapping[str, VolumeData] = {}


class Prepared(Struct, frozen=True):
    """A deployment beside what there is already, with all that follows from the two."""

    deployment: Deployment
    snapshot: EnvironmentSnapshot
    generation: Generation
    served: Served
    """What runs: isolated, with the commit's files in a volume."""
    rollover: Rollover
    is_served: bool
    """Whether this very release is there, whole, untouched and well: nothing is to be made then."""
    timeout: float
    """Seconds that all the waiting for health may take."""
    grace: int
    """Seconds that predecessors have to let go of their ports."""
    need: Need
    """What it takes of the engine."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What users should know of it besides, one line each."""
        return (
            *slow_lines(self.generation.frozen.definition),
            *lifetime_lines(self.deployment.name, self.rollover),
        )

    @property
    def begins(self) -> tuple[str, ...]:
        """What volumes begin with, one line each."""
        return tuple(beginning_lines(self.generation.data))

    @property
    def left_data(self) -> tuple[str, ...]:
        """Which data does not come along, one line each."""
        return tuple(data_lines(self.snapshot, self.rollover, data=self.generation.data))

    def plan(self, session: Session) -> Plan:
        """What is done on the engine. Images that are not frozen yet are named so."""
        deployment = self.deployment
        if self.is_served:
            return Plan(f"{deployment.request.action} {deployment.name}", (), environment=deployment.name)
        snapshot = replace(self.snapshot, router=expected_router(session, self.served.definition))
        target = target_of(session, self.generation, snapshot)
        new = plan_generation(target, action=deployment.request.action, grace=self.grace)
        removals = plan_removal_of_superseded(self.snapshot.ours, self.rollover.notes, after=new)
        seeds = planned_seeds(session, deployment, self.snapshot)
        return replace(
            join_plans(new.title, new, *removals),
            notes=(*rewrite_lines(self.served.rewrites), *seeds, *self.notes),
            environment=deployment.name,
            left_data=self.left_data,
            begins=self.begins,
        )


def prepare(
    session: Session, deployment: Deployment, snapshot: EnvironmentSnapshot, *, operation: str = ""
) -> Prepared:
    """Decide how ``deployment`` takes the place of what is in ``snapshot``. Nothing is made.

    ``operation`` is the id of the run that makes it. Raises :class:`ConflictError` where the environment is for
    another role, and where a fixed host port is another environment's.
    """
    _refuse_other_role(snapshot.ours, deployment)
    if snapshot.environment is not None:
        from previewer.deployment.touches import see_touches  # brings all that judges drift

        snapshot = see_touches(session, snapshot, deployment.release)
    generation = _generation(session, deployment, snapshot, operation=operation)
    served = served_definition(session, generation)
    is_asked_for = deployment.force or bool(deployment.request.data) or not deployment.is_frozen
    is_served = not is_asked_for and _is_served(generation.owner, served.definition, snapshot)
    if not is_served:
        generation = begin_with_data(session, deployment, generation, snapshot)
        refuse_held_ports(generation.owner, served.definition, snapshot)
    settings = session.settings
    return Prepared(
        deployment=deployment,
        snapshot=snapshot,
        generation=generation,
        served=served,
        rollover=rollover_of(session, deployment, generation.owner, snapshot),
        is_served=is_served,
        timeout=deployment.request.timeout if deployment.request.timeout is not None else settings.wait_timeout,
        grace=PUBLISHERS_GRACE if settings.keep_previous[deployment.request.role] > 0 else 0,
        need=need_of(served.definition, subnet_prefix=settings.subnet_prefix, is_new=snapshot.environment is None),
    )


def enforce_policy(session: Session, deployment: Deployment) -> None:
    """Hold what was frozen against what the role allows now, and against what this engine can do.

    It may have been frozen for another role, and for another engine.
    """
    definition = deployment.frozen.definition
    trust = session.trust(deployment.request.role, branch=deployment.branch, commit=deployment.release.commit)
    definition = session.references.resolve(definition)
    raise_for(check(definition, trust))
    refuse_missing(definition, session.engine.capabilities.missing)
    require_signature(session, deployment.release.id, deployment.request.role)


def expiry_of(session: Session, deployment: Deployment) -> datetime | None:
    """As the user says, else the definition (the policy has looked at it), else the settings for the role.

    What the user does not say is cut short for a commit that gets no secrets either.
    """
    definition = deployment.frozen.definition
    said = deployment.request.ttl or definition.extension.ttl
    ttl = parse_ttl(said) if said else session.settings.ttl_of(deployment.request.role)
    branch, commit = deployment.branch, deployment.release.commit
    most = session.trust(deployment.request.role, branch=branch, commit=commit).limits.max_untrusted_ttl
    if deployment.request.ttl is None and most is not None and (ttl is None or ttl > most):
        ttl = ttl if distrust_reason(session, branch=branch, commit=commit) is None else most
    return expiry(ttl, now=session.clock())


def rollover_of(
    session: Session, deployment: Deployment, owner: Ownership, snapshot: EnvironmentSnapshot
) -> Rollover:
    """What is to be noted, and kept, when ``owner``'s generation takes over."""
    return roll_over(
        snapshot.notes,
        snapshot.environment,
        generation=owner.generation,
        release=owner.release,
        now=session.clock(),
        keep=session.settings.keep_previous[deployment.request.role],
        expires_at=owner.expires_at,
        keeps_extension=deployment.request.ttl is None,
        is_rollback=deployment.request.action == "rollback",
    )


def data_lines(
    snapshot: EnvironmentSnapshot,
    rollover: Rollover,
    *,
    data: Mapping[str, VolumeData] = NO_DATA,
    returns: int | None = None,
) -> Iterator[str]:
    """Which data does not come along; ``data`` is what the new generation begins with. See :func:`left_data`."""
    if snapshot.environment is None:
        return
    live = snapshot.environment.ownership.generation
    handed_over = {key for key, volume in data.items() if volume.lifetime is Lifetime.ENVIRONMENT}
    stored = snapshot.stored_in(live)
    yield from left_data(
        stored - handed_over,
        generation=live,
        keeps=rollover.keeps,
        returns=returns,
        begins_with={volume.origin for key, volume in data.items() if volume.layers and key not in handed_over},
        others_go_on=not stored.isdisjoint(handed_over),
    )


def lifetime_lines(environment: str, rollover: Rollover) -> Iterator[str]:
    """What the environment keeps of its lifetime, whatever generation it has."""
    if rollover.notes.pinned:
        yield f"{environment} stays pinned: it does not expire"
    elif rollover.notes.expires_at is not None:
        yield f"{environment} stays extended until {format_time(rollover.notes.expires_at)}"


def _generation(
    session: Session, deployment: Deployment, snapshot: EnvironmentSnapshot, *, operation: str = ""
) -> Generation:
    release = deployment.release
    owner = Ownership(
        installation=session.source.installation,
        project=session.project,
        environment=deployment.name,
        role=deployment.request.role,
        generation=snapshot.next_generation,
        branch=deployment.branch,
        commit=release.commit,
        release=release.id if deployment.is_frozen else "",
        owner=session.source.actor,
        created_at=session.clock().replace(microsecond=0),
        expires_at=expiry_of(session, deployment),
        operation=operation,
        definition=deployment.definition,
        head=session.ledger.head(),
        process=deployment.request.process,
        engine_ahead=round(session.engine.clock_ahead().total_seconds()),
    )
    return Generation(owner, release, deployment.definition, places=deployment.places)


def _refuse_other_role(observed: Observation, deployment: Deployment) -> None:
    """A branch called ``staging`` must not replace what is staging. Raises :class:`ConflictError`."""
    role = deployment.request.role
    for owner in observed.owners:
        if owner.role is not role:
            raise ConflictError(
                f"this environment is for {owner.role.value}, and a {role.value} cannot take its place",
                where=deployment.name,
                hint=f"choose another name with --name, or remove it: previewer down {deployment.name}",
            )


def _is_served(owner: Ownership, definition: Definition, snapshot: EnvironmentSnapshot) -> bool:
    """Whether one generation, of the wanted release and nothing else, is there, whole, untouched and well."""
    observed, environment = snapshot.predecessors, snapshot.environment
    releases = {owner.release for owner in observed.owners}
    generations = {owner.generation for owner in observed.owners}
    if environment is None or releases != {owner.release} or len(generations) != 1:
        return False
    # One that was killed on its way to sleep, or out of it, wakes like any other.
    is_well = environment.state in SERVING or environment.notes.asleep_since is not None
    return is_well and not environment.is_tainted and is_whole(definition, observed)
