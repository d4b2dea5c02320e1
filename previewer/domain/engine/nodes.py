"""Where published ports are on an engine that is several machines: at the one that runs the service."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, field

from previewer.domain.compose.service import Service

NodePair = tuple[str, str]
"""The names of a node that asked and of one that was asked."""


class NodesReport(Struct, frozen=True):
    """How the machines of an engine were seen to reach a registry, each other and this process."""

    ready: tuple[str, ...] = ()
    """The names of those that take tasks."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Why others take none, by name: ``down``, ``drain``."""
    not_run: Mapping[str, str] = field(default_factory=dict)
    """Why the probe did not run on some that are ready, by name, in the node's words."""
    unreached: tuple[str, ...] = ()
    """Those whose ports are not reached from here; what they reach is unknown."""
    cut: tuple[NodePair, ...] = ()
    """Between which no request of a task to a task's address was answered."""
    shortened: tuple[NodePair, ...] = ()
    """Between which small answers came through, and large ones did not."""
    no_virtual: tuple[str, ...] = ()
    """Those from which a service's virtual address did not answer."""


NODE_ADDRESS = "node-address.previewer.invalid"
"""Stands in a container's variables for the address of its own node, which the engine puts in at each start."""
_NAMED_NODE = re.compile(r"\s*node\.(?:hostname|id)\s*==\s*(\S+)\s*")
"""A constraint that one node fulfils."""
_OF_ONE_NODE = ("bind", "volume")
"""Kinds of mounts of what only one node has."""


class EngineNodes(Struct, frozen=True):
    """The machines of an engine, of which a scheduler chooses one whenever a service starts."""

    addresses: Mapping[str, str]
    """Where each is reached, by its id, and by its host name where no other one has that."""
    home: str
    """The address of the one that has all volumes and paths, and so what mounts any; empty if it has none."""
    home_name: str = ""
    """Its name."""

    def address_for(self, service: Service) -> str:
        """The address of the only node that may run a service; empty where there are several."""
        is_bound = any(mount.source and mount.type in _OF_ONE_NODE for mount in service.volumes)
        if is_bound or len(set(self.addresses.values())) == 1:
            return self.home
        named = (_NAMED_NODE.fullmatch(constraint) for constraint in service.deploy.placement.constraints)
        return next((self.addresses.get(found[1], "") for found in named if found), "")
