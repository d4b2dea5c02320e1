"""Make networks, volumes and containers on a Docker engine. Only what makes something imports it."""

from __future__ import annotations

from contextlib import suppress

from msgspec.structs import replace

from previewer.docker_api import containers, networks, volumes
from previewer.docker_api.connection import DockerConnection
from previewer.domain.engine.addresses import Network, allocate, allocate_ipv6
from previewer.domain.engine.specs import ContainerSpec, NetworkSpec, VolumeSpec
from previewer.engine.create_body import labelled_container, labelled_network, labelled_volume
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.files import archive_of
from previewer.engine.mapping.mounts import SUBPATH_SINCE, volumes_mounted_by_path
from previewer.engine.mapping.network import has_own_subnet, network_body, volume_body, wants_ipv6
from previewer.errors import ConflictError, EngineError, EngineUnreachableError

SUBNET_ATTEMPTS = 64
"""Other programs make networks at the same time; each attempt that loses learns of at least one more of them."""


def create_network(docker: DockerConnection, spec: NetworkSpec) -> None:
    """Make a network with a free subnet of its pool. Raises :class:`ConflictError` where none could be had."""
    if has_own_subnet(spec):
        body = labelled_network(network_body(spec, None, api_version=docker.api_version))
        networks.create_network(docker, name=spec.name, body=body)
        return
    refused: list[Network] = []
    for _attempt in range(SUBNET_ATTEMPTS):
        taken = (*networks.taken_subnets(docker), *refused)
        subnet = allocate(spec.address_pool, spec.prefix_length, taken, spec.name)
        ipv6 = allocate_ipv6(taken, spec.name) if wants_ipv6(spec) else None
        body = labelled_network(network_body(spec, subnet, ipv6=ipv6, api_version=docker.api_version))
        try:
            networks.create_network(docker, name=spec.name, body=body)
        except networks.SubnetTakenError:
            refused.extend(range_ for range_ in (subnet, ipv6) if range_ is not None)
        else:
            return
    raise ConflictError(
        f"no subnet of {spec.address_pool} could be had in {SUBNET_ATTEMPTS} attempts",
        where=f"network {spec.name}",
        hint="something outside the engine may use that range: choose another address pool",
    )


def create_volume(docker: DockerConnection, spec: VolumeSpec) -> None:
    """Make a named volume."""
    volumes.create_volume(docker, name=spec.name, body=labelled_volume(volume_body(spec)))


def create_container(docker: DockerConnection, spec: ContainerSpec) -> None:
    """Make a container, joined to its networks and with its files in it; nothing is left if that fails."""
    wanted = container_body(_with_mountpoints(docker, spec), api_version=docker.api_version)
    body = labelled_container(wanted)
    containers.create_container(docker, name=wanted.name, platform=wanted.platform, body=body)
    try:
        for joined in wanted.later_networks:
            containers.join_network(
                docker, container=wanted.name, network=joined.network, endpoint=joined.endpoint
            )
        if wanted.files:
            containers.copy_into(docker, container=wanted.name, archive=archive_of(wanted.files))
    except EngineUnreachableError:
        raise  # What stays behind bears the operation's label.
    except BaseException:
        # The first error counts.
        with suppress(EngineError):
            containers.remove_container(docker, wanted.name)
        raise


def _with_mountpoints(docker: DockerConnection, spec: ContainerSpec) -> ContainerSpec:
    """``spec``, with where the commit's files are on the host if it mounts some and the engine is too old."""
    if docker.api_version >= SUBPATH_SINCE:
        return spec
    keys = volumes_mounted_by_path(spec)
    return replace(spec, mountpoints={key: volumes.find_mountpoint(docker, spec.volumes[key]) for key in keys})
