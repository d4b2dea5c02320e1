"""One environment that `watch` brings up or removes, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from msgspec import Struct

from previewer.deployment.definition import how_it_was_read
from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import DEFAULT_CHOICE, ReadingChoice
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.deploy.watching import Follow, Make, Remove, Skip
from previewer.domain.progress import Event, Noted, Outcome, TaskFinished, TaskOutput, TaskStarted
from previewer.errors import CancelledError, NotFoundError, PreviewerError
from previewer.operations.down import down, find_down_target
from previewer.operations.up import up
from previewer.records.environments import find_environment
from previewer.session.run import Run

STAGE = "watch"


class JobEnded(Struct, frozen=True):
    """A job came to its end."""

    action: Make | Follow | Remove
    error: PreviewerError | None


class WatchJob:
    """Begins when it is made, and tells when it has ended."""

    def __init__(
        self,
        run: Run,
        action: Make | Follow | Remove,
        *,
        revision: str,
        tell: Callable[[JobEnded], None],
    ) -> None:
        """``revision`` is what leads to the branch's tip; ``tell`` is called from the job's thread."""
        self.action = action
        self._session = run.session
        self._revision = revision
        self._report = run.report
        self._tell = tell
        self._cancellation = Cancellation()
        self._thread = threading.Thread(target=self._run, name=f"previewer-{action.environment}", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Stop bringing it up; a removal goes on to its end."""
        self._cancellation.request()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._cancellation.requested

    def wait(self) -> None:
        """Until it has ended."""
        self._thread.join()

    def _run(self) -> None:
        task, begun = describe(self.action), time.monotonic()
        self._report(TaskStarted(task, STAGE))
        error: PreviewerError | None = None
        outcome, detail = Outcome.DONE, ""
        try:
            detail = self._take()
        except CancelledError as cancelled:
            error, outcome, detail = cancelled, Outcome.CANCELLED, str(cancelled)
        except PreviewerError as failure:
            error, outcome, detail = failure, Outcome.FAILED, str(failure)
        except Exception as bug:  # noqa: BLE001 - one branch must not end the watch over all others
            error = PreviewerError(f"unexpected {type(bug).__name__}: {bug}", where=self.action.environment)
            outcome, detail = Outcome.FAILED, str(error)
        for line in error.details if error is not None and outcome is Outcome.FAILED else ():
            self._report(TaskOutput(task, line))
        self._report(TaskFinished(task, outcome, time.monotonic() - begun, detail))
        self._tell(JobEnded(self.action, error))

    def _take(self) -> str:
        """Do it; what is to be told of it."""
        name = self.action.environment
        if isinstance(self.action, Remove):
            target = find_down_target(self._session, [name], causes={name: self.action.cause})
            down(Run(self._session, self._note), target)
            return ""
        definition, choice = self._definition()
        request = DeployRequest(name=name, definition=definition, choice=choice)
        result = up(Run(self._session, self._note, self._cancellation), self._revision, request)
        return result.environment.url or "up"

    def _definition(self) -> tuple[str | None, ReadingChoice]:
        """Which one was chosen, ``None`` where it is called like the role, and how it was read."""
        if not isinstance(self.action, Follow):
            return None, DEFAULT_CHOICE
        found = find_environment(self._session, self.action.environment)
        try:
            release = self._session.ledger.load_release(found.ownership.release)
            name, choice = how_it_was_read(release, found)
            return (None if name == found.role.value else name), choice
        except NotFoundError:
            return None, DEFAULT_CHOICE

    def _note(self, event: Event) -> None:
        """Note only what users should know of the job: there may be many jobs at once."""
        if isinstance(event, Noted):
            self._report(Noted(f"{self.action.environment}: {event.message}", event.hint))


def describe(action: Make | Follow | Remove | Skip) -> str:
    """What is done, in one line: ``up shop-login at 1234567890ab (feature/login)``."""
    if isinstance(action, Remove):
        return f"down {action.environment} because {action.cause}"
    if isinstance(action, Skip):
        return f"skip {action.environment} at {short_id(action.commit)} ({action.branch}) because {action.cause}"
    verb = "up" if isinstance(action, Make) else "update"
    return f"{verb} {action.environment} at {short_id(action.commit)} ({action.branch})"
