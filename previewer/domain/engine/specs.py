"""What an engine is asked to make: one frozen value per object, complete, with every name already given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

from msgspec import Struct, field

from previewer.domain.compose.mounted_files import FileOwner
from previewer.domain.compose.resources import NO_EGRESS_KEY as NO_EGRESS_KEY
from previewer.domain.compose.resources import Network, Volume, read_resource
from previewer.domain.compose.service import Service, read_service
from previewer.domain.json_value import JsonObject
from previewer.errors import EngineError

T = TypeVar("T")
FILL_FOLDER = ".previewer-fill"
"""The folder of an archive that becomes a volume's root, with its owner and mode."""


HOST_BINDING_OPTION = "com.docker.network.bridge.host_binding_ipv4"
"""Of a bridge network: the host address of published ports that name none. It holds for a container while that
network is its way out."""
MASQUERADE_OPTION = "com.docker.network.bridge.enable_ip_masquerade"
SIBLINGS_OPTION = "com.docker.network.bridge.enable_icc"
"""Of a bridge network: whether the containers on it may reach each other."""


def _read(read: Callable[[], T], where: str) -> T:
    try:
        return read()
    except ValueError as error:
        raise EngineError(str(error), where=where) from error


class NetworkSpec(Struct, frozen=True, dict=True):
    """A network of one generation of an environment."""

    name: str
    labels: Mapping[str, str]
    compose: JsonObject
    """The network's normalised Compose mapping: ``driver``, ``internal``, ``driver_opts``, …"""
    address_pool: str
    """The CIDR range that the engine adapter takes a small free subnet from: ``10.213.0.0/16``."""
    prefix_length: int
    """The prefix length of that subnet: 28 leaves 13 addresses for containers."""

    @cached_property
    def declared(self) -> Network:
        """What ``compose`` says. Raises :class:`EngineError` for a value of another type."""
        return _read(lambda: read_resource(Network, self.name, self.compose), f"network {self.name}")


UPPER = "/upper"
"""Ends the name of a layer that is what was written over others: its volume has it in this folder."""


def volume_of(layer: str) -> str:
    """The engine's volume that holds a layer."""
    return layer.removesuffix(UPPER)


class CloneSpec(Struct, frozen=True):
    """What a volume is made of that begins with data, or whose data is to outlive it."""

    own: str
    """The volume that takes what is written; it is made too."""
    own_labels: Mapping[str, str]
    layers: tuple[str, ...]
    """What it shows until it is written to, topmost first: names of volumes, with :data:`UPPER` behind them where
    that part of a volume is meant. Empty for a volume that begins empty."""
    image: str
    """``sha256:…``: folders are made through a container of this image, which is never started."""
    labels: Mapping[str, str]
    """The labels of that container."""
    copies: bool = False
    """Whether the one layer is copied, as its volume will not stay."""

    def shown_layers(self, *, is_overlaid: bool) -> tuple[str, ...]:
        """What the clone shows: below, too, what lies on it once it is written to no more."""
        return (f"{self.own}{UPPER}", *self.layers) if is_overlaid else (self.own,)


class VolumeSpec(Struct, frozen=True, dict=True):
    """A named volume of one generation of an environment."""

    name: str
    labels: Mapping[str, str]
    compose: JsonObject
    """The volume's normalised Compose mapping: ``driver``, ``driver_opts``."""
    clone: CloneSpec | None = None
    """What it begins with; ``None`` for a plain volume."""

    @cached_property
    def declared(self) -> Volume:
        """What ``compose`` says. Raises :class:`EngineError` for a value of another type."""
        return _read(lambda: read_resource(Volume, self.name, self.compose), f"volume {self.name}")


class FillSpec(Struct, frozen=True, eq=False):
    """What a volume is filled with, before any service sees it."""

    volume: str
    """The engine's name of the volume."""
    image: str
    """``sha256:…``: the engine copies into a volume through a container of this image, which is never started."""
    labels: Mapping[str, str]
    """The labels of that container: it is found by them if its maker is killed."""
    archive: Callable[[FileOwner], Iterator[bytes]]
    """Opens a tar stream of what the volume is to hold, in a folder :data:`FILL_FOLDER` that stands for the volume
    itself; it is told who owns what a service may write to."""
    user: str | None = None
    """Who that is, as a service's ``user`` says it; empty for the image's own user, ``None`` for root."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FillSpec) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[object, ...]:
        return (self.volume, self.image, self.labels, self.user)

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "archive")
        return f"FillSpec({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


class ContainerSpec(Struct, frozen=True, dict=True):
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
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """What the configs and secrets that it uses contain, by ``configs/KEY`` and ``secrets/KEY``."""
    registry_image: str = ""
    """``REGISTRY/REPOSITORY@sha256:…`` of the image, where the engine has others pull it; else empty."""
    mountpoints: Mapping[str, str] = field(default_factory=dict)
    """Where volumes of the commit's files are on the engine's host, by their keys. Only the adapter of an engine
    that cannot mount a part of a volume by itself (before API 1.45) fills it in."""

    @cached_property
    def declared(self) -> Service:
        """What ``compose`` says. Raises :class:`EngineError` for a value of another type."""
        return _read(lambda: read_service(self.service, self.compose), f"service {self.service}")

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "contents")
        return f"ContainerSpec({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"
