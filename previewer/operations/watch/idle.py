"""Put to sleep what has no requests, and wake what is asked for, while `watch` runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue

from previewer.background import begin
from previewer.deployment.routing import show_page
from previewer.domain.deploy.watching import WatchRules, watched_previews
from previewer.domain.environment.environment import SERVING, Environment, State
from previewer.domain.progress import Noted
from previewer.domain.routing.pages import Page
from previewer.domain.routing.requests import hosts_of, read_requested_host
from previewer.errors import LockedError, PreviewerError
from previewer.operations.sleep import sleep, wake
from previewer.records.environments import list_environments
from previewer.records.masking import mask_of
from previewer.session.run import Run
from previewer.settings.model import RouterUse

LOOK_SECONDS = 15.0
"""How often idle environments are looked for."""
RETRY_SECONDS = 1.0
"""Until the router's log is asked for again where there is no router."""
FAILED_SECONDS = 60.0
"""Until a request wakes one again that did not wake."""


def find_idle(
    environments: Iterable[Environment],
    rules: WatchRules,
    requests: Mapping[str, datetime],
    *,
    since: datetime,
    now: datetime,
    idle: timedelta,
) -> tuple[Environment, ...]:
    """The watched previews that have names, serve, are not pinned and had no request for ``idle``.

    ``requests`` are the times of the newest ones by host name; those before ``since`` are not known.
    """
    return tuple(
        environment
        for environment in watched_previews(environments, rules)
        if environment.state in SERVING
        and not environment.notes.pinned
        and (hosts := hosts_of(environment))
        and now - max(environment.created_at, since, *(requests.get(host, since) for host in hosts)) >= idle
    )


class IdleWatch:
    """Listens to the router in a thread, and acts in another, until the run is cancelled."""

    def __init__(self, run: Run, rules: WatchRules) -> None:
        self.rules = rules
        """What is watched; the watch replaces it when the settings change."""
        self._run = run
        self._since = run.session.clock()
        self._requests: dict[str, datetime] = {}
        self._hosts: SimpleQueue[str] = SimpleQueue()
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        if run.session.settings.router.use is not RouterUse.OFF:
            begin(self._listen, name="previewer-requests")
            begin(self._act, name="previewer-idle")

    def _listen(self) -> None:
        """Where the router goes away, wait for another one."""
        session, name = self._run.session, self._run.session.settings.router.name
        while not self._run.cancellation.requested:
            with suppress(PreviewerError):
                stream = session.router.logs(name, tail=0, follow=True)
                forget = self._run.cancellation.on_request(stream.close)
                try:
                    for batch in stream:
                        for host in filter(None, map(read_requested_host, batch)):
                            self._hosts.put(host)
                finally:
                    forget()
                    stream.close()
            self._run.cancellation.wait(RETRY_SECONDS)

    def _act(self) -> None:
        looked = time.monotonic()
        while not self._run.cancellation.requested:
            asked = set[str]()
            with suppress(Empty):
                asked.add(self._hosts.get(timeout=RETRY_SECONDS))
                while True:
                    asked.add(self._hosts.get_nowait())
            now = self._run.session.clock()
            unseen = {host for host in asked if now - self._requests.get(host, self._since) > timedelta(seconds=1)}
            self._requests |= dict.fromkeys(asked, now)
            is_time = time.monotonic() - looked >= LOOK_SECONDS
            if not is_time and not unseen:
                continue
            with suppress(PreviewerError):  # the watch itself tells of an engine that is away
                environments = list_environments(self._run.session)
                self._wake(environments, asked)
                if is_time:
                    looked = time.monotonic()
                    self._put_to_sleep(environments, now)

    def _wake(self, environments: Iterable[Environment], asked: set[str]) -> None:
        for environment in watched_previews(environments, self.rules):
            is_wanted = environment.state is State.ASLEEP and hosts_of(environment) & asked
            if is_wanted and self._take(environment.name):
                begin(partial(self._wake_one, environment), name=f"previewer-wake-{environment.name}")

    def _wake_one(self, environment: Environment) -> None:
        name = environment.name
        self._run.report(Noted(f"{name} was asked for: it wakes"))
        how = "This page goes away by itself."
        show_page(self._run, environment, Page(name, "is waking up", how=how, reloads=True))
        try:
            wake(self._run, name)
        except LockedError:
            pass  # another command is at work on it, and says what it is about
        except PreviewerError as error:
            self._run.report(Noted(f"{name} did not wake: {error}", hint=error.hint or ""))
            how = f"previewer replace {name}"
            words = mask_of(self._run.session, environment.ownership.release)(str(error))
            show_page(self._run, environment, Page(name, "did not wake", how=how, words=words))
            self._run.cancellation.wait(FAILED_SECONDS)
        finally:
            self._leave(name)

    def _put_to_sleep(self, environments: Iterable[Environment], now: datetime) -> None:
        idle = self._run.session.settings.idle
        if idle is None:
            return
        for environment in find_idle(
            environments, self.rules, self._requests, since=self._since, now=now, idle=idle
        ):
            if self._take(environment.name):
                try:
                    self._run.report(Noted(f"{environment.name} had no request: it sleeps"))
                    sleep(self._run, [environment.name])
                finally:
                    self._leave(environment.name)

    def _take(self, name: str) -> bool:
        """Whether nothing else is done to an environment here at the moment."""
        with self._lock:
            is_free = name not in self._busy
            self._busy.add(name)
        return is_free

    def _leave(self, name: str) -> None:
        with self._lock:
            self._busy.discard(name)
