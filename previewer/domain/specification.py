"""What an engine is asked to make: one frozen value per object, complete, with every name already given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from previewer.domain.json_value import JsonObject


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A network of one generation of an environment."""

    name: str
    labels: Mapping[str, str]
    compose: JsonObject
    """The network's normalised Compose mapping: ``driver``, ``internal``, ``driver_opts``, …"""
    address_pool: str
    """The CIDR range that the engine adapter takes a small free subnet from: ``10.213.0.0/16``."""
    prefix_length: int
    """Of that subnet: 28 leaves 13 addresses for containers."""


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    """A named volume of one generation of an environment."""

    name: str
    labels: Mapping[str, str]
    compose: JsonObject
    """The volume's normalised Compose mapping: ``driver``, ``driver_opts``."""


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container of a service."""

    name: str
    service: str
    image: str
    """``sha256:…``: never a tag."""
    platform: str
    labels: Mapping[str, str]
    compose: JsonObject
    """The service's normalised Compose mapping, rewritten for isolation and with ``PREVIEWER_*`` variables in."""
    networks: Mapping[str, str]
    """Engine names of the networks, by their key in the definition."""
    volumes: Mapping[str, str]
    """Engine names of the volumes, by their key in the definition."""
    containers: Mapping[str, str]
    """Engine names of the environment's first container of each service, for ``network_mode: service:x``."""
