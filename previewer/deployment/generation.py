"""Make one generation of an environment from a release, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.snapshot import EnvironmentSnapshot, can_listen, free_port_check
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.references import filled
from previewer.domain.compose.routes import routes_of
from previewer.domain.compose.served_files import Served
from previewer.domain.compose.service import Service
from previewer.domain.data.beginning import VolumeData
from previewer.domain.deploy.takeover import (
    EDGE,
    Handover,
    PortHandover,
    decide_port_handover,
    has_fixed_ports,
    inherited_ports,
    keeps_ports,
    published_address,
)
from previewer.domain.deploy.target import Target, VolumeFill, run_variables
from previewer.domain.engine.observation import Observation, ObservedContainer, PublishedPort
from previewer.domain.environment.host_ports import PortKey, assign_ports, find_held_ports
from previewer.domain.json_value import as_object
from previewer.domain.labels import Ownership
from previewer.domain.naming import slug
from previewer.domain.release.release import FrozenDefinition, Release
from previewer.domain.routing.host_names import NamedService, environment_host, name_routes
from previewer.engine.protocol import HOST_BINDING
from previewer.errors import ConflictError, DefinitionError
from previewer.session.release_files import isolated_for, open_archive, read_contents, release_tree, serve_isolated
from previewer.session.session import Session

ATTEMPTS = 3
"""Another process can take a chosen host port before our container starts; then others are chosen."""


class Generation(Struct, frozen=True):
    """One generation of an environment: the release it is made of, and its labels."""

    owner: Ownership
    release: Release
    definition: str
    """Which of the release's."""
    data: Mapping[str, VolumeData] = {}
    """What its volumes begin with, by their keys; others begin empty."""
    places: Mapping[str, str] = {}
    """``REGISTRY/REPOSITORY@sha256:…`` by image, where the engine has others pull them."""
    writers: tuple[str, ...] = ()
    """Containers of its predecessor that end before it takes over data, by name."""

    @property
    def frozen(self) -> FrozenDefinition:
        """The definition, with its images."""
        return self.release.definitions[self.definition]


class Refused(Struct, frozen=True):
    """Host ports that turned out to be taken, which could not be known before."""

    ports: frozenset[int] = frozenset()
    addresses: frozenset[str] = frozenset()
    """Loopback addresses that were already tried in vain."""


NONE_REFUSED = Refused()


def target_of(
    session: Session, generation: Generation, snapshot: EnvironmentSnapshot, *, refused: Refused = NONE_REFUSED
) -> Target:
    """The generation down to the last label, with host ports that are free or its predecessor's."""
    tree = release_tree(session, generation.release.commit)
    resolved = _resolved(session, generation)
    served = _served(session, generation, resolved)
    port_handover, ports = _choose_ports(session, generation, served.definition, snapshot, refused)
    names = names_of(session, generation.owner.environment, generation.owner.branch, served.definition, snapshot)
    target = Target(
        ownership=generation.owner,
        definition=served.definition,
        artifacts=generation.frozen.artifacts,
        ports=ports,
        address_pool=session.settings.address_pool,
        prefix_length=session.settings.subnet_prefix,
        port_handover=port_handover,
        data=generation.data,
        places=generation.places,
        writers=generation.writers,
        machine=snapshot.everything.machine,
        reached_as=snapshot.everything.reached_as,
        nodes=snapshot.everything.nodes,
        names=names,
        router=session.settings.router.name if names else "",
    )
    configs = filled(
        as_object(resolved.model.get("configs")),
        run_variables(target),
        where=generation.owner.environment,
    )
    complete = replace(resolved, model={**resolved.model, "configs": configs})
    contents = read_contents(complete, tree, session.settings.allowed_variables)
    fills = {
        key: VolumeFill(content, open_archive(tree, content, contents, generation.release.committed_at))
        for key, content in served.contents.items()
    }
    return replace(target, contents=contents, fills=fills)


def names_of(
    session: Session, environment: str, branch: str | None, definition: Definition, snapshot: EnvironmentSnapshot
) -> tuple[NamedService, ...]:
    """What its ports are called; nothing without a router. Known before anything is made."""
    if snapshot.router is None:
        return ()
    default = session.source.default_branch().name or ""
    host = environment_host(
        environment,
        project=session.project,
        branch=branch,
        installation=session.source.installation,
        domain=snapshot.router.domain,
        taken=_hosts(snapshot.everything.but(snapshot.ours)),
        current=_hosts(snapshot.ours),
        reserved={*(role.value for role in Role), slug(default)} - {branch},
    )
    published = {
        (name, port.target)
        for name, service in definition.services.items()
        for port in service.ports
        if port.protocol == "tcp"
    }
    routes = tuple(route for route in routes_of(definition) if (route.service, route.port) in published)
    return name_routes(routes, services=definition.services, host=host, router=snapshot.router)


def _hosts(observed: Observation) -> frozenset[str]:
    return frozenset(name.host for container in observed.containers for name in container.names)


def is_whole(definition: Definition, observed: Observation) -> bool:
    """Whether what was observed is each container, network and volume of a served definition, and nothing else.

    The state of what is there does not tell what is missing after a kill or a removal by hand. A killed `down` may
    have taken a container that still runs out of its networks.
    """
    replicas = {(name, n) for name, service in definition.services.items() for n in range(1, service.replicas + 1)}
    return (
        {(container.service, container.number) for container in observed.containers} == replicas
        and {network.key for network in observed.networks} - {EDGE} == set(definition.networks)
        and {volume.key for volume in observed.volumes if volume.key} == set(definition.volumes)
        and all(_is_joined(definition.services[c.service], c, observed) for c in observed.containers)
    )


def _is_joined(service: Service, container: ObservedContainer, observed: Observation) -> bool:
    declared = {network.name for network in observed.networks if network.key in service.networks}
    return declared <= set(container.networks)


def refuse_held_ports(owner: Ownership, definition: Definition, snapshot: EnvironmentSnapshot) -> None:
    """Raise :class:`ConflictError` where another environment has a fixed host port that is wanted."""
    others = snapshot.everything.but(snapshot.ours)
    held = next(find_held_ports(definition, others), None)
    if held is None:
        return
    holder = held.holder.ownership.environment
    raise ConflictError(
        f"the environment {holder} has the host port {held.port} that the service {held.service} is to have",
        where=owner.environment,
        hint=f"take {holder} down first, or publish the port without a fixed host port, so that both can run",
    )


def served_definition(session: Session, generation: Generation) -> Served:
    """What runs: isolated, with the commit's files in a volume; references to variables stay as they are kept."""
    return _served(session, generation, generation.frozen.definition)


def _served(session: Session, generation: Generation, definition: Definition) -> Served:
    owner = generation.owner
    publish = session.publish_address
    isolated = isolated_for(
        session, definition, owner.role, branch=owner.branch, commit=owner.commit, publish=publish
    )
    return serve_isolated(
        isolated, generation.release.files, lambda: release_tree(session, generation.release.commit)
    )


def _resolved(session: Session, generation: Generation) -> Definition:
    """The definition with the values of the variables that it refers to. Raises :class:`DefinitionError`."""
    definition = generation.frozen.definition
    if missing := session.references.missing(definition):
        raise DefinitionError(
            f"the release refers to variables that are not set: {', '.join(missing)}",
            where=f"{generation.owner.environment}, definition {generation.definition}",
            hint="give a file of this machine with --env-file FILE, or name variables of your shell under"
            " `variables` in previewer.toml on the default branch",
        )
    return session.references.resolve(definition)


def _choose_ports(
    session: Session,
    generation: Generation,
    definition: Definition,
    snapshot: EnvironmentSnapshot,
    refused: Refused,
) -> tuple[PortHandover, Mapping[PortKey, int]]:
    """The predecessor's ports, if they can be taken over; else free ones."""
    seed, is_kept = generation.owner.environment, session.settings.keep_previous[generation.owner.role] > 0
    is_routed = snapshot.router is not None and not keeps_ports(definition)
    if is_routed and is_kept:
        seed = f"{seed}/{generation.owner.generation}"  # what is kept comes back with its own ports
    others = _ports_of(snapshot.everything.but(snapshot.predecessors))
    can_inherit = not is_routed and _can_inherit(session, definition, snapshot)
    inherited = inherited_ports(snapshot.predecessors) if can_inherit else {}
    numbers = {port.host_port for port in others} | refused.ports
    is_here = session.engine.capabilities.remote is None
    if not inherited:
        numbers |= {port.host_port for port in _ports_of(snapshot.predecessors)}
    ports = assign_ports(
        definition, seed=seed, is_free=free_port_check(numbers, is_here=is_here), inherited=inherited
    )
    held = {(port.host_ip, port.host_port) for port in _ports_of(snapshot.everything)}
    port_handover = decide_port_handover(
        definition,
        ports,
        predecessors=snapshot.predecessors,
        is_kept=is_kept and not is_routed,
        can_bind=can_bind(session),
        is_free=lambda address, port: (
            address not in refused.addresses
            and (address, port) not in held
            and (not is_here or can_listen(address, port))
        ),
    )
    return port_handover, ports


def _can_inherit(session: Session, definition: Definition, snapshot: EnvironmentSnapshot) -> bool:
    """Whether the successor is to have its predecessor's ports: for that it must be able to wait beside it."""
    if snapshot.predecessors.is_empty:
        return False
    return has_fixed_ports(definition) or (can_bind(session) and published_address(definition) is not None)


def can_bind(session: Session) -> bool:
    """Whether the engine lets networks decide at which host address ports are published."""
    return HOST_BINDING not in session.engine.capabilities.missing


def _ports_of(observation: Observation) -> Iterator[PublishedPort]:
    return (port for container in observation.containers for port in container.ports)


def learn_refused(refused: Refused, target: Target) -> Refused:
    """A rehearsal is tried at another address, a first start on other ports."""
    if target.port_handover.handover is Handover.REHEARSED:
        return Refused(refused.ports, refused.addresses | {target.port_handover.binding})
    return Refused(refused.ports | set(target.ports.values()), refused.addresses)
