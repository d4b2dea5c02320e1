"""Networks, volumes, configs and secrets of a normalised definition, as typed values; see ``service.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct, field

from previewer.domain.compose.service import Raw
from previewer.domain.json_value import JsonObject
from previewer.domain.stored import convert

NO_EGRESS_KEY = "x-no-egress"
"""In a network's mapping, after isolation: its containers are to find no way to other machines."""


class Resource(Struct, frozen=True):
    """What all of them have."""

    key: str
    """What the definition calls it."""
    spec: Raw
    """Its normalised Compose mapping, whole."""
    name: str = ""
    """The engine's name for it, as far as the definition says one."""
    external: bool = False
    driver: str = ""
    labels: Mapping[str, str] = {}

    @property
    def engine_name(self) -> str:
        """What it is called on the engine where it is ``external``."""
        return self.name or self.key


class AddressRange(Struct, frozen=True):
    """One entry of ``ipam.config``."""

    subnet: str = ""
    gateway: str = ""
    ip_range: str = ""
    aux_addresses: Mapping[str, str] = {}


class AddressManagement(Struct, frozen=True):
    """The ``ipam`` of a network."""

    driver: str = ""
    options: Mapping[str, str] = {}
    config: tuple[AddressRange, ...] = ()


class Network(Resource, frozen=True):
    """One of ``networks``; switches that it does not set are ``None``."""

    driver_opts: Mapping[str, str] = {}
    internal: bool | None = None
    attachable: bool | None = None
    enable_ipv4: bool | None = None
    enable_ipv6: bool | None = None
    ipam: AddressManagement = AddressManagement()
    no_egress: bool = field(default=False, name=NO_EGRESS_KEY)

    @property
    def has_own_subnet(self) -> bool:
        """Whether the definition names an address range itself."""
        return any(entry.subnet for entry in self.ipam.config)

    @property
    def is_bridge(self) -> bool:
        """Whether its driver is the engine's ordinary one."""
        return self.driver in ("", "default", "bridge")


class Volume(Resource, frozen=True):
    """One of ``volumes``."""

    driver_opts: Mapping[str, str] = {}


class FileResource(Resource, frozen=True):
    """One of ``configs`` or ``secrets``: where its content comes from."""

    file: str = ""
    environment: str = ""
    content: str | None = None
    template_driver: str = ""


R = TypeVar("R", bound=Resource)


def read_resource(kind: type[R], key: str, spec: JsonObject) -> R:
    """The one of that mapping. Raises :class:`ValueError` that names the key whose value has another type."""
    written = {name: value for name, value in spec.items() if value is not None}
    return convert({**written, "key": key, "spec": spec}, kind, strict=False)
