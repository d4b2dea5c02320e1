"""What exists of one environment and around it on the engine when an operation begins."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection

from msgspec import Struct

from previewer.background import begin
from previewer.domain.compose.served_files import is_served
from previewer.domain.engine.observation import Observation
from previewer.domain.environment.environment import Environment, list_environments
from previewer.domain.record.notes import NOTHING_NOTED, EnvironmentNotes
from previewer.domain.routing.host_names import RouterAddress
from previewer.engine.protocol import Selection
from previewer.records.environments import check_head
from previewer.session.session import Session


class EnvironmentSnapshot(Struct, frozen=True):
    """One look at everything of ours on the engine, and the ledger's notes."""

    name: str
    everything: Observation
    """The environments of all repositories: names and host ports are shared by the whole engine."""
    ours: Observation
    """The environment's own part, kept generations included."""
    notes: EnvironmentNotes
    router: RouterAddress | None = None
    """Where the router answers that gives its next generation names; ``None`` for none."""

    @property
    def predecessors(self) -> Observation:
        """What a new generation takes the place of: all but what is stopped and kept."""
        return self.ours.but_generations(*self.notes.kept)

    @property
    def environment(self) -> Environment | None:
        """The live one; ``None`` where nothing is, or only what is kept."""
        found = list_environments(self.predecessors, {self.name: self.notes})
        return found[0] if found else None

    def stored_in(self, generation: int) -> frozenset[str]:
        """The volumes of a generation that hold data of its services, by the keys of the definition."""
        volumes = self.ours.of_generation(generation).volumes
        return frozenset(volume.key for volume in volumes if volume.key and not is_served(volume.key))

    @property
    def next_generation(self) -> int:
        """One that no environment of this name has, of whatever repository: names of objects are made of it."""
        seen = [owner.generation for owner in self.everything.of(self.name).owners]
        return max((*seen, self.notes.generation)) + 1


def take_snapshot(session: Session, name: str) -> EnvironmentSnapshot:
    """One look at the engine and one at the ledger, at the same time."""
    observed = begin(lambda: session.engine.observe(Selection()), name="previewer-observe")
    notes = session.ledger.notes()
    everything = observed.result()
    check_head(session, everything)
    return EnvironmentSnapshot(
        name=name,
        everything=everything,
        ours=everything.of_installation(session.source.installation).of(name),
        notes=notes.get(name, NOTHING_NOTED),
    )


LOOPBACK = "127.0.0.1"


def free_port_check(taken: Collection[int], *, is_here: bool = True) -> Callable[[int], bool]:
    """A check that a port is none of ``taken`` and, where the engine ``is_here``, that nothing listens on it.

    On another machine this cannot be checked; the engine decides anyway when the container starts.
    """

    return lambda port: port not in taken and (not is_here or can_listen(LOOPBACK, port))


def can_listen(address: str, port: int) -> bool:
    """Whether nothing listens on a TCP port of one of this machine's addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
