"""Extend the life of an environment, or pin it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Report
from previewer.domain.units import format_time
from previewer.operations.extend import ExtendResult, extend, pin, plan_extend, plan_pin
from previewer.session.session import Session
from previewer.tui.requests.request import Done, EnvironmentRequest

TIMES = ("8h", "1d", "3d", "7d", "30d", "never")
"""What is offered; any other may be typed."""


@dataclass(frozen=True)
class ExtendRequest(EnvironmentRequest):
    """Some time from now on, whatever it had before."""

    ttl: str = "3d"

    verb: ClassVar[str] = "extend"
    progress_label: ClassVar[str] = "extending"
    label: ClassVar[str] = "Let it live"
    other: ClassVar[str] = "90m, 10h, 5d, 1d12h · enter takes it"
    is_quick: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """The question."""
        return f"Let {self.subject} live {'for ever' if self.ttl == 'never' else f'for {self.ttl} from now'}"

    @property
    def meaning(self) -> str:
        """What it does not touch."""
        return "Nothing is restarted: the time is noted in the ledger. `never` pins it, a time takes a pin away."

    @property
    def nothing(self) -> str:
        """It is so."""
        return "It lives exactly so long already: there is nothing to do."

    @property
    def dangerous_name(self) -> str | None:
        """None: nothing is lost by it."""
        return None

    @property
    def choices(self) -> tuple[str, ...]:
        """The times."""
        return TIMES

    @property
    def chosen(self) -> int:
        """The time."""
        return TIMES.index(self.ttl) if self.ttl in TIMES else -1

    def choosing(self, index: int) -> ExtendRequest:
        """Another time."""
        return replace(self, ttl=TIMES[index])

    def typing(self, text: str) -> ExtendRequest:
        """The typed time; the plan says whether it is valid."""
        return replace(self, ttl=text.strip())

    def propose(self, session: Session) -> ExtendResult:
        """How long it would live."""
        return plan_extend(session, self.environment.name, self.ttl)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Note it."""
        del report, cancellation
        until = extend(session, self.environment.name, self.ttl).environment.expires_at
        return Done((f"lives until {format_time(until)}" if until else "lives for ever",), self.environment.name)


@dataclass(frozen=True)
class PinRequest(EnvironmentRequest):
    """Pins what is not pinned, and unpins what is."""

    verb: ClassVar[str] = "pin"
    progress_label: ClassVar[str] = "pinning"
    label: ClassVar[str] = "Pin it"
    is_quick: ClassVar[bool] = True

    @property
    def is_pinned(self) -> bool:
        """What it is to be."""
        return not self.environment.notes.pinned

    @property
    def button(self) -> str:
        """The one or the other."""
        return self.label if self.is_pinned else "Unpin it"

    @property
    def title(self) -> str:
        """The question."""
        return f"{'Pin' if self.is_pinned else 'Unpin'} {self.subject}"

    @property
    def meaning(self) -> str:
        """What it means."""
        if self.is_pinned:
            return "It no longer expires, and stays until it is removed by name."
        return "It expires again when it would have without a pin."

    @property
    def nothing(self) -> str:
        """It is so."""
        return f"It is {'pinned' if self.is_pinned else 'not pinned'} already: there is nothing to do."

    @property
    def dangerous_name(self) -> str | None:
        """None: nothing is lost by it."""
        return None

    def propose(self, session: Session) -> ExtendResult:
        """How long it would live."""
        return plan_pin(session, self.environment.name, is_pinned=self.is_pinned)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Note it."""
        del report, cancellation
        pin(session, self.environment.name, is_pinned=self.is_pinned)
        return Done(("pinned" if self.is_pinned else "no longer pinned",), self.environment.name)
