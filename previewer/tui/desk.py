"""What every screen works with: the gateway to operations, the clocks, the keys in use, and the work under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from previewer.operations.session import Session
from previewer.tui.actions import BY_ID, key_name
from previewer.tui.bridge import Bridge
from previewer.tui.gateway import Gateway
from previewer.tui.inquiries import Inquiries
from previewer.tui.work import Work

UNDO_TIMEOUT = 120.0
"""Seconds that operations may take to undo what they made, should the interface itself end unexpectedly."""


class Desk:
    """Belongs to the user interface's thread."""

    def __init__(
        self,
        session: Session,
        *,
        keymap: Mapping[str, str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        self.bridge = Bridge()
        self.gateway = Gateway(session, self.bridge)
        self.inquiries = Inquiries(session, self.bridge)
        self.keymap = dict(keymap or {})
        """Keys by action, where the user wants others than the registry's."""
        self.monotonic = monotonic
        """Seconds, for running times."""
        self.works: dict[int, Work] = {}
        """By number, oldest first."""

    def now(self) -> datetime:
        """The time, for ages."""
        return self.session.clock()

    def key_of(self, action: str) -> str:
        """The key of an action as it is written, the user's own where there is one."""
        if own := self.keymap.get(action):
            return key_name(own.split(",")[0].strip())
        return BY_ID[action].key

    def keys_of(self, action: str) -> str:
        """All keys of an action, as they are written."""
        if own := self.keymap.get(action):
            return " ".join(key_name(key.strip()) for key in own.split(","))
        return " ".join(key_name(key) for key in BY_ID[action].keys.split(","))

    def begin_work(
        self,
        *,
        verb: str,
        subject: str,
        branch: str | None = None,
        environments: tuple[str, ...] = (),
        doing: str = "at work",
    ) -> Work:
        """Note down an operation that is about to be started."""
        number = len(self.works) + 1
        self.works[number] = Work(number, verb, subject, branch, environments, self.monotonic(), doing)
        return self.works[number]

    @property
    def running_works(self) -> tuple[Work, ...]:
        """The operations that have not ended, oldest first."""
        return tuple(work for work in self.works.values() if work.is_running)

    def undo_running_works(self) -> None:
        """Have the operations that run stop and undo what they began, and wait for that."""
        for work in self.running_works:
            work.cancellation.request()
        self.bridge.wait_for_operations(UNDO_TIMEOUT)

    def work_on(self, *, branch: str | None, environment: str | None) -> Work | None:
        """The running operation that a row of the home table shows."""
        for work in reversed(self.running_works):
            if environment in work.environments if work.environments else (branch and branch == work.branch):
                return work
        return None
