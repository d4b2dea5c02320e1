"""What freezing a commit would do, before anything is asked, pulled or built."""

from __future__ import annotations

from previewer.domain.revision import short_id
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class FreezeStep:
    """One image that is to be had."""

    verb: str
    """``pin image`` or ``build image``."""
    name: str
    """A reference, or the service that it is built for."""
    cause: str
    """Ends the sentence "… because"."""


@dataclass(frozen=True, slots=True)
class FreezePlan:
    """The steps of a freeze. An image whose inputs turn out to be known is found instead of built."""

    commit: str
    steps: tuple[FreezeStep, ...]
    release: str = ""
    """The id of the release that the commit has already: then there are no steps."""

    def text(self) -> str:
        """The title and a line a step, aligned, with its cause."""
        title = f"freeze {short_id(self.commit)}"
        if self.release:
            return f"{title}\n  nothing to do: it is release {short_id(self.release)}"
        verbs = max((len(step.verb) for step in self.steps), default=0)
        names = max((len(step.name) for step in self.steps), default=0)
        lines = (f"{s.verb:<{verbs}}  {s.name:<{names}}  because {s.cause}" for s in self.steps)
        return "\n".join((title, *(f"  {line}" for line in lines)))
