"""What a push or pull of a release moves, before anything moves."""

from __future__ import annotations

from enum import Enum

from previewer.domain.registry_address import RegistryAddress
from previewer.domain.release import Release
from previewer.domain.revision import short_id
from previewer.frozen import dataclass


class Direction(Enum):
    """Seen from this machine."""

    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True)
class TransferPlan:
    """The images, then the release. What is there already does not move."""

    direction: Direction
    release: Release
    address: RegistryAddress
    """Of the release in the registry."""

    def lines(self) -> tuple[str, ...]:
        """One line a step, aligned, with its cause."""
        verb = self.direction.value
        steps = [
            *(
                (f"{verb} image", short_id(a.image), a.reference, "a service runs it")
                for a in self.release.artifacts
            ),
            (
                f"{verb} release",
                short_id(self.release.id),
                str(self.address),
                "it says which images belong together",
            ),
        ]
        width = max(len(name) for _, _, name, _ in steps)
        return tuple(f"{what:<12}  {digits}  {name:<{width}}  because {why}" for what, digits, name, why in steps)

    def text(self) -> str:
        """The title and the lines."""
        between = "to" if self.direction is Direction.PUSH else "from"
        title = f"{self.direction.value} {short_id(self.release.id)} {between} {self.address.name}"
        return "\n".join((title, *(f"  {line}" for line in self.lines())))
