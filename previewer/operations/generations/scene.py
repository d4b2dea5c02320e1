"""What there is of one environment, and on the engine around it, when something is about to be done to it."""

from __future__ import annotations

from previewer.domain.environment import Environment, list_environments
from previewer.domain.notes import NOTHING_NOTED, EnvironmentNotes
from previewer.domain.observation import Observation
from previewer.domain.served_files import is_served
from previewer.engine.protocol import Selection
from previewer.frozen import dataclass
from previewer.operations.session import Session


@dataclass(frozen=True, slots=True)
class Scene:
    """One look at everything of ours on the engine, and the ledger's notes."""

    name: str
    """The environment's."""
    everything: Observation
    """Of all environments of all repositories: names and host ports are the engine's."""
    ours: Observation
    """The environment's own part, kept generations included."""
    notes: EnvironmentNotes

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
        return frozenset(volume.key for volume in volumes if not is_served(volume.key))

    @property
    def next_generation(self) -> int:
        """One that no environment of this name has, of whatever repository: names of objects are made of it."""
        seen = [owner.generation for owner in self.everything.of(self.name).owners]
        return max((*seen, self.notes.generation)) + 1


def look_at(session: Session, name: str) -> Scene:
    """One look at the engine and one at the ledger."""
    everything = session.engine.observe(Selection())
    return Scene(
        name=name,
        everything=everything,
        ours=everything.of_installation(session.source.installation).of(name),
        notes=session.ledger.notes().get(name, NOTHING_NOTED),
    )
